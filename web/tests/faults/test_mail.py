"""`kill -9` of postmen at any moment, errors and lost answers of the provider: every mail is taken once, none twice.

`make faults F=mail` is the long form: 10,000 mails, and a hundred kills at least.
"""

import os
import random
import subprocess
import sys
import threading
import time
from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import transaction

from dev.fakes.rate import Rate
from dev.fakes.resend.api import KEY, Resend
from dev.fakes.toxics import Toxics
from vallum_web.mail import delivery, resend, services
from vallum_web.mail.letters import letter
from vallum_web.mail.models import Message
from vallum_web.mail.outbox import Terms
from vallum_web.mail.post import Postman
from vallum_web.tenancy import clock
from vallum_web.tenancy.scope import outbox

MAILS = int(os.environ.get("VALLUM_FAULTS", "200"))
LONG = MAILS > 1000
WORKERS, RATE, KILLS = (3, 1000.0, 110) if LONG else (2, 200.0, 7)
# Mails taken between one kill and the next, about: however slow the machine is, there is progress.
BETWEEN = MAILS // (KILLS + 1)
LONGEST = 1800 if LONG else 60
PLACE = Path(__file__).resolve().parents[1]

pytestmark = [pytest.mark.skipif(sys.platform == "win32", reason="forks")]


class Postmen:
    """The processes, and whoever shoots at them."""

    def __init__(self, environ):
        command = [sys.executable, "-m", "faults.postmen", str(WORKERS), str(RATE)]
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environ, cwd=PLACE
        )
        self.alive = []
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self):
        for line in self.process.stdout:
            self.alive.append(int(line))

    def kill(self, chance):
        pid = self.alive.pop(chance.randrange(len(self.alive)))
        os.kill(pid, 9)

    def stop(self):
        with self.process:
            self.process.stdin.close()
            self.reader.join(20)


def write(count):
    said = letter("staff_access", name="Acme", reason="A test of faults")
    keys = []
    for start in range(0, count, 500):
        with transaction.atomic():
            keys += [
                services.queue(kind="security", to=f"p{number}@acme.test", letter=said)
                for number in range(start, min(start + 500, count))
            ]
    return keys


def states():
    with outbox():
        return Counter(Message.objects.values_list("state", flat=True))


def test_none_is_lost_and_none_is_sent_twice(live_database, settings, monkeypatch):
    toxics = Toxics(errors=0.05, lost=0.10, chance=random.Random(7))
    fake = Resend(rate=Rate(limit=10**6), toxics=toxics)
    chance = random.Random(7)
    keys = write(MAILS)
    with fake.open() as place:
        environ = {
            **os.environ,
            "VALLUM_DEMO": "1",
            "VALLUM_RESEND_KEY": KEY,
            "VALLUM_RESEND_WEBHOOK_SECRET": "whsec_YSBzZWNyZXQgb2YgdHdlbnR5LWZvdXIh",
            "VALLUM_RESEND_URL": f"{place.url}/",
            "VALLUM_MAIL_FROM": "Vallum <mail@vallum.test>",
            "VALLUM_EGRESS_ALLOW": place.opening,
            "PYTHONPATH": f"{PLACE}:{PLACE.parents[1]}",
        }
        postmen = Postmen(environ)
        began, kills = time.monotonic(), 0
        try:
            due = chance.randrange(BETWEEN)
            while len(fake.mails.kept) < MAILS or states()["sent"] < MAILS:
                time.sleep(chance.random() / 50)
                assert time.monotonic() - began < LONGEST, states()
                if len(fake.mails.kept) > due and len(postmen.alive) >= WORKERS:
                    postmen.kill(chance)
                    kills += 1
                    due = kills * BETWEEN + chance.randrange(BETWEEN)
        finally:
            postmen.stop()
        took = time.monotonic() - began
        answers = Counter(status for _, _, status in fake.doors.log)
        repeated = answers[200] + answers[0] - MAILS
        sys.stdout.write(
            f"\n{MAILS} mails in {took:.0f} s: {kills} kills, {answers[500]} errors, {answers[0]} lost answers, "
            f"{repeated} handed over again, {MAILS - len(fake.accepted)} lost, "
            f"{sum(fake.accepted_under().values()) - len(fake.accepted_under())} sent twice\n"
        )
        assert states() == {"sent": MAILS}
        assert fake.accepted_under() == {str(key): 1 for key in keys}
        assert Counter(mail["to"][0] for mail in fake.accepted) == {
            f"p{number}@acme.test": 1 for number in range(MAILS)
        }
        # What was to go wrong went wrong: without the keys, each of these would have come twice.
        assert kills >= KILLS - 1
        assert repeated > 0
        assert min(answers[500], answers[0]) > 0

        # And where no answer ever comes, nobody knows, and that is counted.
        settings.MAIL, settings.RESEND_KEY, settings.RESEND_URL = "resend", KEY, f"{place.url}/"
        settings.DEFAULT_FROM_EMAIL = "Vallum <mail@vallum.test>"
        monkeypatch.setenv("VALLUM_EGRESS_ALLOW", place.opening)
        toxics.lost = 1.0
        write(3)
        postman = Postman(carrier=resend.Resend(), terms=Terms(transport="resend", window=resend.WINDOW), rate=1000)
        postman.round()
        with clock.travelled(timedelta(hours=24)):
            assert postman.round() == 0
            assert ("unknown", "Nobody knows", 3) in delivery.now().states
