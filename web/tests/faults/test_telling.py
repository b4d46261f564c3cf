"""`kill -9` while everybody is told of something: each person gets one mail and one notice, and none a second.

`make faults F=telling N=50000` is the long form; it says how long it took.
"""

import os
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest
from django.contrib.auth.hashers import make_password
from django.db import connections
from faults.running import eventually

from vallum_web.accounts.models import User
from vallum_web.mail.models import Message, Notice
from vallum_web.operator.notices import queries
from vallum_web.operator.notices.services import announcing
from vallum_web.tenancy.announcing.models import Announcement, Told
from vallum_web.tenancy.keys import uuid7
from vallum_web.tenancy.scope import outbox

PEOPLE = int(os.environ.get("VALLUM_FAULTS", "1600"))
KILLS = 2 if PEOPLE < 10_000 else 8
TELLER = """
import sys, uuid, django
django.setup()
from vallum_web.operator.notices.services import telling
telling.tell(uuid.UUID(sys.argv[1]))
"""
PLACE = Path(__file__).resolve().parents[1]

pytestmark = [pytest.mark.slow, pytest.mark.skipif(sys.platform == "win32", reason="kills")]


def teller(key):
    return subprocess.Popen([sys.executable, "-c", TELLER, str(key)], env=dict(os.environ), cwd=PLACE)


def count():
    return Told.objects.count()


@pytest.mark.policy("PP-10b")
def test_nobody_is_told_twice_and_nobody_forgotten_however_often_it_is_killed(live_database, capsys):
    nothing = make_password(None)
    User.objects.bulk_create(
        [User(id=uuid7(), email=f"p{number}@acme.test", password=nothing) for number in range(PEOPLE)], batch_size=2000
    )
    row = announcing.write_to_all(uuid7(), "To everybody", ["One letter."], drill=False)
    for number in range(1, KILLS + 1):
        running = teller(row.pk)
        enough = number * PEOPLE // (KILLS + 2)
        eventually(lambda enough=enough: count() >= enough, seconds=300)
        running.kill()
        running.wait()
    assert count() < PEOPLE, "it was killed before its end"
    began = time.monotonic()
    assert teller(row.pk).wait(600) == 0
    row = Announcement.objects.get(pk=row.pk)
    assert (row.state, row.count) == ("done", PEOPLE)
    everybody = Counter(User.objects.values_list("pk", flat=True))
    with outbox():
        assert Counter(Message.objects.values_list("person", flat=True)) == everybody
        assert Counter(Notice.objects.values_list("person", flat=True)) == everybody
    assert Counter(Told.objects.values_list("person", flat=True)) == everybody
    began, looked = time.monotonic(), began
    progress = queries.progress(row)
    page = time.monotonic() - began
    assert (progress.told, progress.waiting) == (PEOPLE, PEOPLE)
    connections.close_all()
    if PEOPLE >= 10_000:
        with capsys.disabled():
            sys.stdout.write(
                f"\n{PEOPLE} people, {KILLS} kills: written in {row.milliseconds / 1000:.0f} s ({progress.rate} a second), "
                f"{progress.hours} hours at the mail rate; the page counts them in {page:.1f} s ({began - looked:.0f} s last run)\n"
            )
