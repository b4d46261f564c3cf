"""`python -m faults.postmen WORKERS RATE`: so many postmen over one outbox; whoever dies is replaced at once.

Django starts once, and each postman is forked from there. Prints the number of each process that it starts; ends with its input.
"""

import os
import select
import signal
import sys
from datetime import timedelta

import django

from vallum_web.config import tripwire

# As in the worker: what does not leave through the guard does not leave.
tripwire.arm()
django.setup()

from vallum_web.mail import resend  # noqa: E402 - it needs the line above
from vallum_web.mail.outbox import Terms  # noqa: E402 - as above
from vallum_web.mail.post import Postman  # noqa: E402 - as above

# Short, so that a test need not wait long for what a dead one held.
TERMS = Terms(
    transport="resend", window=resend.WINDOW, lease=timedelta(seconds=1), first_pause=timedelta(seconds=0.2), most=5
)


def start(rate: float) -> int:
    """A postman of his own process."""
    pid = os.fork()
    if pid:
        sys.stdout.write(f"{pid}\n")
        sys.stdout.flush()
        return pid
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    Postman(carrier=resend.Resend(), terms=TERMS, rate=rate).serve()
    os._exit(0)


def main() -> None:
    count, rate = int(sys.argv[1]), float(sys.argv[2])
    alive = {start(rate) for _ in range(count)}
    while not select.select([sys.stdin], [], [], 0.02)[0]:
        pid, _ = os.waitpid(-1, os.WNOHANG)
        if pid:
            alive.discard(pid)
            alive.add(start(rate))
    for pid in alive:
        os.kill(pid, signal.SIGKILL)


if __name__ == "__main__":
    main()
