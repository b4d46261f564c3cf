"""`python -m dev.fakes.demo vallum-web up --demo`: run the demo with stand-ins of Stripe, Razorpay and Resend beside it.

What they know and their clock lie in VALLUM_HOME/stand-ins, and go with it. The platform is told of them by its environment;
a provider for which there is a key already has no stand-in.
"""

import os
import secrets
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from socket import socket
from typing import Final

from dev.fakes.clock import Clock
from dev.fakes.keep import Keep
from dev.fakes.levers import Levers
from dev.fakes.loopback import Place, serving
from dev.fakes.post import over_http
from dev.fakes.razorpay import api as razorpay
from dev.fakes.resend import api as resend
from dev.fakes.stripe import api as stripe
from vallum_web.embedded import home

PLATFORM: Final = "http://platform.invalid"
PORTS: Final = {"levers": 12_110, "stripe": 12_111, "razorpay": 12_112, "resend": 12_113}
"""Where they are free: what a stand-in said of its address in an earlier run then still holds."""
MANAGE: Final = (sys.executable, "-m", "vallum_web.embedded.cli", "manage", "billing")


@dataclass(kw_only=True)
class KeptClock(Clock):
    """In a file beside, whole at any time, which the platform follows."""

    file: Path

    def __post_init__(self) -> None:
        if self.file.exists():
            self.ahead = float(self.file.read_text())

    def advance(self, seconds: float) -> None:
        super().advance(seconds)
        beside = self.file.with_suffix(".new")
        beside.write_text(str(self.ahead))
        beside.replace(self.file)


def port(name: str) -> int:
    """Its own, or any while somebody has that."""
    with closing(socket()) as probe:
        return 0 if not PORTS[name] or probe.connect_ex(("127.0.0.1", PORTS[name])) == 0 else PORTS[name]


@contextmanager
def stand_ins(folder: Path, state: Path) -> Iterator[tuple[Levers, dict[str, str]]]:
    """Open them all; the levers, and what the platform is told. `state`: the file in which it keeps its port."""

    def deliver(url: str, headers: Mapping[str, str], body: bytes) -> int:
        here = f"http://127.0.0.1:{home.read_json(state).get('port', 0)}"
        return over_http(url.replace(PLATFORM, here), headers, body)

    clock = KeptClock(file=folder / "clock")
    euros = stripe.Stripe(clock=clock, send=deliver, keep=Keep(path=folder / "stripe.json"))
    rupees = razorpay.Razorpay(clock=clock, send=deliver, keep=Keep(path=folder / "razorpay.json"))
    mails = resend.Resend(clock=clock, send=deliver, keep=Keep(path=folder / "resend.json"))
    levers = Levers(clock=clock, fakes=(euros, rupees, mails), razorpay=rupees)
    secret = secrets.token_hex(24)
    signing = f"whsec_{secrets.token_urlsafe(24).replace('-', 'A').replace('_', 'B')}"
    for former in euros.test.all("webhook_endpoint"):
        euros.test.remove(former)
    euros.endpoint(f"{PLATFORM}/hooks/stripe/", secret)
    rupees.hook(f"{PLATFORM}/hooks/razorpay/", secret)
    mails.hook(f"{PLATFORM}/hooks/resend/", signing)
    with ExitStack() as stack:
        opened = {
            name: stack.enter_context(fake.open(port=port(name), walking=True))
            for name, fake in (("stripe", euros), ("razorpay", rupees), ("resend", mails))
        }
        desk = stack.enter_context(serving(levers.speak, port=port("levers")))
        levers.links = {"Mails that left": f"{opened['resend'].url}/inbox"}
        (folder / "address").write_text(f"{desk.url}/\n")
        yield levers, _told(folder, opened, secret, signing)


def _told(folder: Path, opened: Mapping[str, Place], secret: str, signing: str) -> dict[str, str]:
    return {
        "VALLUM_STAND_INS": str(folder),
        "VALLUM_PLAN": "free",
        "VALLUM_MAIL_FROM": "Vallum <vallum@demo.example>",  # Resend takes no sender at localhost
        "VALLUM_STRIPE_KEY": stripe.KEY,
        "VALLUM_STRIPE_WEBHOOK_SECRETS": secret,
        "VALLUM_STRIPE_URL": opened["stripe"].url,
        "VALLUM_RAZORPAY_KEY": f"{razorpay.KEY}:{razorpay.SECRET}",
        "VALLUM_RAZORPAY_WEBHOOK_SECRETS": secret,
        "VALLUM_RAZORPAY_URL": opened["razorpay"].url,
        "VALLUM_RESEND_KEY": resend.SENDING_KEY,
        "VALLUM_RESEND_WEBHOOK_SECRET": signing,
        "VALLUM_RESEND_URL": opened["resend"].url,
        "VALLUM_EGRESS_ALLOW": ",".join(place.opening for place in opened.values()),
    }


def environment(inherited: Mapping[str, str], told: Mapping[str, str]) -> dict[str, str]:
    """What an operator set themselves holds. What else may be reached is added to what they let be reached."""
    own = {name for name in inherited if inherited[name]}
    for service in ("STRIPE", "RAZORPAY", "RESEND"):
        if f"VALLUM_{service}_KEY" in own:
            told = {name: value for name, value in told.items() if not name.startswith(f"VALLUM_{service}_")}
    allowed = ",".join(filter(None, [inherited.get("VALLUM_EGRESS_ALLOW"), told["VALLUM_EGRESS_ALLOW"]]))
    return {**told, **inherited, "VALLUM_EGRESS_ALLOW": allowed}


def manage(what: str, environ: Mapping[str, str]) -> None:
    """One of the platform's own commands, over the database that runs."""
    subprocess.run([*MANAGE, what], env={**environ, "VALLUM_DEMO": "1"}, capture_output=True, check=False)


def offer(platform: "subprocess.Popen[bytes]", state: Path, environ: Mapping[str, str]) -> None:
    """When the platform is up, its prices are made."""
    before = time.time()
    while platform.poll() is None:
        if state.exists() and state.stat().st_mtime > before:
            manage("offer", environ)
            return
        time.sleep(0.5)


def main(command: list[str]) -> int:
    os.umask(0o077)
    where = home.locate(os.environ, Path.cwd())
    folder = where / "stand-ins"
    folder.mkdir(parents=True, exist_ok=True)
    state = where / "state.json"
    with stand_ins(folder, state) as (levers, told):
        environ = environment({**os.environ, "VALLUM_HOME": str(where)}, told)
        levers.moved = lambda: manage("reconcile", environ)
        print(f"Stand-ins of Stripe, Razorpay and Resend: {(folder / 'address').read_text().strip()}", flush=True)
        with subprocess.Popen(command, env=environ) as platform:
            signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the platform's as well; its end is ours
            signal.signal(signal.SIGTERM, lambda *_: platform.terminate())
            threading.Thread(target=offer, args=(platform, state, environ), daemon=True).start()
            return platform.wait()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
