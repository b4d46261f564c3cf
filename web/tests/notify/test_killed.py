"""A worker that dies between the receiver and the record: the same message goes out once more."""

import os
import signal
import subprocess
import sys
from datetime import timedelta

import making
from hooking import PATH, Hook

from dev.fakes.loopback import Answer
from vallum_web.notify import rounds
from vallum_web.tenancy import clock

KILLED = """
import sys
from uuid import UUID

import django

django.setup()

from vallum_web.notify import rounds

rounds.work(*map(UUID, sys.argv[1:]))
"""


def test_a_worker_killed_after_sending_sends_the_same_once_more(live_database, receiver):
    people = making.people()
    hook = Hook(people, f"{receiver.url}{PATH}")
    hook.test()
    rounds.hire(people.org.pk)
    assert hook.now().sending_until is not None
    running = []

    def kill(_asked):
        os.kill(running[0].pid, signal.SIGKILL)
        return Answer()

    receiver.pages[PATH] = kill
    arguments = [sys.executable, "-c", KILLED, str(people.org.pk), str(hook.pk)]
    running.append(subprocess.Popen(arguments, env=os.environ.copy()))
    assert running[0].wait(60) == -signal.SIGKILL
    assert (hook.attempts(), hook.deliveries()[0].status) == ([], "waiting")
    receiver.pages[PATH] = Answer()
    with clock.travelled(rounds.LEASE + timedelta(seconds=1)):
        before = hook.now().sending_until
        rounds.hire(people.org.pk)
        assert hook.now().sending_until > before  # its lease is over: somebody else takes it
        hook.work()
    first, second = receiver.asked
    assert (first.headers["webhook-id"], first.body) == (second.headers["webhook-id"], second.body)
    assert (hook.deliveries()[0].status, hook.now().sending_until) == ("delivered", None)
