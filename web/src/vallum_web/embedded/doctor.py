"""`vallum-web doctor`: one line per question, OK, WARN or FAIL, and what to do."""

import ipaddress
import math
import os
import re
import shlex
import shutil
import ssl
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

from vallum_web.embedded import apart, database, migrations, probe
from vallum_web.embedded.answers import Line, Verdict
from vallum_web.embedded.cluster import Urls
from vallum_web.embedded.connection import APP, OWNER, connected
from vallum_web.embedded.errors import EmbeddedError
from vallum_web.embedded.home import Lock, read_json
from vallum_web.embedded.narrator import Narrator

OLDEST_PYTHON = (3, 11)
OLDEST_GIT = (2, 39, 4)
ENOUGH_DISK = 5 * 1024**3
LITTLE_DISK = 1024**3
LARGEST_SKEW = 5.0
# A worker gives a sign of life every five seconds.
QUEUE = """
SELECT (SELECT count(*) FROM procrastinate_workers WHERE last_heartbeat > now() - interval '20 s'),
  count(*) FILTER (WHERE status = 'todo'), count(*) FILTER (WHERE status = 'failed') FROM procrastinate_jobs
"""
STALE_DAYS = 7
DRILLED_DAYS = 14
FEEDS = {"epss": "EPSS", "kev": "KEV"}
FEED = "SELECT extract(epoch FROM now() - as_of)::float8 / 86400, failure FROM advisories_feed WHERE id = '{}'"
# In a process of its own: a platform on a machine where the sandbox cannot even be asked must still be diagnosed.
_ASK_SANDBOX = (
    "from vallum_guard.sandbox import isolation as i; f = i(); print(f.level, getattr(f, 'advice', ''), sep=chr(10))"
)


def run(home: Path, narrator: Narrator, *, environ: Mapping[str, str] = os.environ) -> int:
    """Says every line; 0 when nothing failed."""
    failed = False
    for line in examine(home, environ):
        failed = failed or line.verdict is Verdict.FAIL
        narrator.say(str(line))
    return int(failed)


def examine(home: Path, environ: Mapping[str, str]) -> Iterator[Line]:
    yield python(sys.version_info[:3])
    yield git(_output(["git", "--version"]))
    yield sandbox(_output([sys.executable, "-c", _ASK_SANDBOX]))
    yield folder(home)
    yield disk(shutil.disk_usage(_existing(home)).free)
    yield advisories(_age(home / "advisories" / "advisories.sqlite"), home)
    yield mail(environ)
    yield policy(environ)
    yield apart.ledger(home, environ)
    yield backups(environ, read_json(home / "backups.json"), time.time())
    if running := _running(home):
        yield encryption(running, probe.speaks)
    yield from _database(home, environ)


def mail(environ: Mapping[str, str]) -> Line:
    """By which way mails leave, as the settings choose it (config/settings.py)."""
    resend, relay = environ.get("VALLUM_RESEND_KEY", ""), environ.get("VALLUM_SMTP_URL", "")
    way = environ.get("VALLUM_MAIL", "resend" if resend else "smtp" if relay else "keep")
    if way == "resend" and not environ.get("VALLUM_RESEND_WEBHOOK_SECRET"):
        advice = "Set VALLUM_RESEND_WEBHOOK_SECRET: nothing starts without it."
        return Line(
            verdict=Verdict.FAIL, subject="mail", found="Resend, and nothing proves what it tells", advice=advice
        )
    if way in {"resend", "smtp"}:
        advice = "/operator/mail/ shows how they fare, /operator/mail/domain/ what is published of the sender's domain."
        found = f"through {'Resend' if way == 'resend' else 'a relay'}"
        return Line(verdict=Verdict.OK, subject="mail", found=found, advice=advice)
    if way == "console":
        return Line(verdict=Verdict.WARN, subject="mail", found="printed, never sent", advice="Set VALLUM_RESEND_KEY.")
    advice = "`vallum-web manage outbox EMAIL` shows those to an address; reset links are in them."
    return Line(verdict=Verdict.OK, subject="mail", found="kept in the database, never sent", advice=advice)


_STATED = ("VALLUM_PRIVACY_CONTACT", "VALLUM_SECURITY_CONTACT", "VALLUM_HOSTING", "VALLUM_DISK_ENCRYPTION")


def policy(environ: Mapping[str, str]) -> Line:
    """What the privacy policy leaves to whoever runs this: whom to ask, and where data lies."""
    missing = [name for name in _STATED if not environ.get(name)]
    if not missing:
        return Line(verdict=Verdict.OK, subject="policy", found="contacts, hosting and disk encryption are stated")
    return Line(
        verdict=Verdict.WARN,
        subject="policy",
        found="the privacy policy leaves open what only you can say",
        advice=f"Set {', '.join(missing)} (docs/operations.md).",
    )


def backups(environ: Mapping[str, str], kept: Mapping[str, object], now: float) -> Line:
    """When a backup and a drill last went well, as the state folder remembers it (backups/state.py)."""
    if not environ.get("VALLUM_BACKUP"):
        advice = "Set VALLUM_BACKUP (docs/backups.md): this machine's end is else the end of everything in it."
        return Line(verdict=Verdict.WARN, subject="backups", found="none are taken", advice=advice)
    if not kept.get("confirmed"):
        advice = "Store recovery-kit.txt apart (`vallum-web backup kit` writes it), then `vallum-web backup kit --confirm CODE`."
        return Line(verdict=Verdict.FAIL, subject="backups", found="wait for the recovery kit", advice=advice)
    hours = {
        name: (now - datetime.fromisoformat(str(kept[name])).timestamp()) / 3600 if name in kept else math.inf
        for name in ("backup", "drill", "check")
    }
    late = [
        name
        for name, most in (
            ("backup", 2 * float(environ.get("VALLUM_BACKUP_EVERY", "24"))),
            ("drill", DRILLED_DAYS * 24),
            ("check", 48),
        )
        if hours[name] > most
    ]
    found = ", ".join(f"{name} {_ago(each)}" for name, each in hours.items())
    if not late:
        return Line(verdict=Verdict.OK, subject="backups", found=found)
    advice = f"Late: {', '.join(late)}. logs/backups.log says why, and so does `vallum-web backup` by hand."
    return Line(verdict=Verdict.FAIL, subject="backups", found=found, advice=advice)


def _ago(hours: float) -> str:
    return (
        "never went well"
        if hours == math.inf
        else f"{hours:.0f} hours ago"
        if hours < 48
        else f"{hours / 24:.0f} days ago"
    )


def _running(home: Path) -> str:
    """The address of the platform that runs over this folder; empty when none does."""
    lock = Lock(home / "up.lock")
    return lock.note().partition(" ")[0] if lock.is_held() else ""


def encryption(url: str, speaks: Callable[[str, int, ssl.TLSVersion], bool | None]) -> Line:
    """TLS 1.3 and nothing older, asked of the running platform itself; plain HTTP on loopback alone."""
    parts = urlsplit(url)
    if parts.scheme != "https":
        return Line(verdict=Verdict.OK, subject="TLS", found="none: it listens on loopback only")
    new = old = None
    for host in _near(parts.hostname or ""):
        new, old = (speaks(host, parts.port or 443, version) for version in (probe.NEW, probe.OLD))
        if new is not None:
            break
    if new and old is False:
        return Line(verdict=Verdict.OK, subject="TLS", found="1.3 is spoken, 1.2 is refused")
    if new is None or old is None:
        advice = "Nothing answers there. logs/web.log below the state folder says why."
        return Line(verdict=Verdict.WARN, subject="TLS", found=f"could not ask {url}", advice=advice)
    found = "1.2 is spoken as well" if new else "1.3 is not spoken"
    advice = "Something else answers there, perhaps a proxy. Let it speak TLS 1.3 alone."
    return Line(verdict=Verdict.FAIL, subject="TLS", found=found, advice=advice)


def _near(host: str) -> tuple[str, ...]:
    """Where this machine itself reaches it; a name might lead to another one."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return ("127.0.0.1", "::1")
    return (host, "127.0.0.1", "::1")


def python(version: tuple[int, int, int]) -> Line:
    found = ".".join(map(str, version))
    if version >= OLDEST_PYTHON:
        return Line(verdict=Verdict.OK, subject="Python", found=found)
    return Line(verdict=Verdict.FAIL, subject="Python", found=found, advice="Install Python 3.11 or newer.")


def git(said: str | None) -> Line:
    numbers = re.search(r"(\d+)\.(\d+)(?:\.(\d+))?", said or "")
    if numbers is None:
        return Line(
            verdict=Verdict.FAIL,
            subject="git",
            found="not found",
            advice="Repositories cannot be cloned. Debian: apt-get install git",
        )
    version = tuple(int(number or 0) for number in numbers.groups())
    if version >= OLDEST_GIT:
        return Line(verdict=Verdict.OK, subject="git", found=numbers[0])
    oldest = ".".join(map(str, OLDEST_GIT))
    return Line(
        verdict=Verdict.FAIL,
        subject="git",
        found=numbers[0],
        advice=f"Older than {oldest}, which closed holes in cloning. Update it.",
    )


def sandbox(said: str | None) -> Line:
    level, _, advice = (said or "").strip().partition("\n")
    install = "Debian: apt-get install bubblewrap"
    if level == "full":
        return Line(verdict=Verdict.OK, subject="sandbox", found="isolation full")
    if level == "reduced":
        return Line(verdict=Verdict.WARN, subject="sandbox", found="isolation reduced", advice=advice or install)
    found = f"isolation {level or 'unknown'}: untrusted code is refused"
    return Line(verdict=Verdict.WARN, subject="sandbox", found=found, advice=advice or install)


def folder(home: Path) -> Line:
    try:
        found = home.lstat()
    except FileNotFoundError:
        return Line(verdict=Verdict.OK, subject="state", found=f"{home} (made at first start)")
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid():
        advice = "It must be a folder of the user who runs the platform. Set VALLUM_HOME to another one."
        return Line(verdict=Verdict.FAIL, subject="state", found=f"{home} is not ours", advice=advice)
    open_files = [
        path for path in sorted(home.rglob("*.json")) if path.is_file() and stat.S_IMODE(path.stat().st_mode) & 0o077
    ]
    if stat.S_IMODE(found.st_mode) & 0o077 or open_files:
        advice = f"Others can enter it. Run: chmod -R go= {shlex.quote(str(home))}"
        return Line(verdict=Verdict.FAIL, subject="state", found=f"{home} is open", advice=advice)
    return Line(verdict=Verdict.OK, subject="state", found=f"{home}, closed to others")


def disk(free: int) -> Line:
    found = f"{free / 1024**3:.1f} GiB free"
    if free >= ENOUGH_DISK:
        return Line(verdict=Verdict.OK, subject="disk", found=found)
    verdict = Verdict.WARN if free >= LITTLE_DISK else Verdict.FAIL
    return Line(verdict=verdict, subject="disk", found=found, advice="Make room: a full disk stops the database.")


def advisories(days: float | None, home: Path) -> Line:
    """`days` since the database was built; None without one."""
    update = f"Run: VALLUM_HOME={shlex.quote(str(home))} vallum db update"
    if days is None:
        found = "a starter set of a few well-known ones"
        return Line(verdict=Verdict.WARN, subject="advisories", found=found, advice=update)
    found = f"built {days:.0f} days ago"
    if days <= STALE_DAYS:
        return Line(verdict=Verdict.OK, subject="advisories", found=found)
    return Line(verdict=Verdict.WARN, subject="advisories", found=found, advice=update)


def _age(path: Path) -> float | None:
    try:
        return (time.time() - path.stat().st_mtime) / 86_400
    except OSError:
        return None


def _existing(path: Path) -> Path:
    return next(parent for parent in (path, *path.parents) if parent.exists())


def _output(command: list[str]) -> str | None:
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout
    except (OSError, subprocess.SubprocessError):
        return None


def _database(home: Path, environ: Mapping[str, str]) -> Iterator[Line]:
    is_ours = not (environ.get(APP) or environ.get(OWNER))
    try:
        if is_ours and not (home / "database" / "server.json").exists():
            yield Line(verdict=Verdict.OK, subject="database", found="none yet: the first start makes it")
            return
        with database.attached(home, environ=environ) as urls:
            yield from _questions(urls)
    except EmbeddedError as error:
        advice = "Its log is database/server.log or logs/database.log below the state folder." if is_ours else ""
        yield Line(verdict=Verdict.FAIL, subject="database", found=str(error).strip(), advice=advice)


def _questions(urls: Urls) -> Iterator[Line]:
    for question in (_version, _app_role, _owner_role, _schema, _queue, _clock):
        yield question(urls)
    yield from _feeds(urls)


def _ask(url: str, query: str, *, setting: str = APP) -> tuple[object, ...]:
    with connected(url, setting) as connection:
        return connection.execute(query.encode()).fetchone() or ()


def _version(urls: Urls) -> Line:
    (version,) = _ask(urls.app, "SELECT current_setting('server_version')")
    return Line(verdict=Verdict.OK, subject="database", found=f"PostgreSQL {version} answers")


def _role(url: str, subject: str, setting: str) -> Line:
    name, mighty = _ask(
        url, "SELECT rolname, rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user", setting=setting
    )
    if not mighty:
        return Line(verdict=Verdict.OK, subject=subject, found=f"{name} is bound by row-level security")
    advice = f"Use a role without SUPERUSER and BYPASSRLS in {setting}: docs/operations.md has the SQL."
    return Line(verdict=Verdict.FAIL, subject=subject, found=f"{name} passes row-level security", advice=advice)


def _app_role(urls: Urls) -> Line:
    return _role(urls.app, "app role", APP)


def _owner_role(urls: Urls) -> Line:
    return _role(urls.owner, "owner role", OWNER)


def _schema(urls: Urls) -> Line:
    if migrations.are_applied(urls, migrations.fingerprint()):
        return Line(verdict=Verdict.OK, subject="migrations", found="up to date")
    advice = "`vallum-web up` applies them, and so does `vallum-web migrate`."
    return Line(verdict=Verdict.WARN, subject="migrations", found="not known to be up to date", advice=advice)


def _queue(urls: Urls) -> Line:
    (there,) = _ask(urls.app, "SELECT to_regclass('procrastinate_workers') IS NOT NULL")
    if not there:
        return Line(verdict=Verdict.OK, subject="worker", found="no queue yet: migrations make it")
    return queue(*(int(str(number)) for number in _ask(urls.app, QUEUE)))


def queue(alive: int, waiting: int, failed: int) -> Line:
    found = f"{'at work' if alive else 'none'}, {waiting} jobs waiting, {failed} failed in the last 7 days"
    if not alive:
        advice = "Scans wait until `vallum-web up` runs."
        return Line(verdict=Verdict.WARN, subject="worker", found=found, advice=advice)
    if failed:
        return Line(verdict=Verdict.WARN, subject="worker", found=found, advice="logs/worker.log says why.")
    return Line(verdict=Verdict.OK, subject="worker", found=found)


def _feeds(urls: Urls) -> Iterator[Line]:
    (there,) = _ask(urls.app, "SELECT to_regclass('advisories_feed') IS NOT NULL")
    for id_, title in FEEDS.items() if there else ():
        found = _ask(urls.app, FEED.format(id_))
        days, failure = found or (None, "")
        yield feed(title, None if days is None else float(str(days)), str(failure))


def feed(title: str, days: float | None, failure: str) -> Line:
    """`days` since nothing newer was known; None where it was never there. `failure` is the last attempt's."""
    advice = failure or "`vallum-web feeds update` fetches it, `vallum-web feeds import FILE` takes one in."
    if days is None:
        found = "not here: findings are weighed without it"
        return Line(verdict=Verdict.WARN, subject=title, found=found, advice=advice)
    found = "as of today" if days < 1 else f"as of {days:.0f} days ago"
    if days <= STALE_DAYS:
        return Line(verdict=Verdict.OK, subject=title, found=found)
    return Line(verdict=Verdict.WARN, subject=title, found=found, advice=advice)


def _clock(urls: Urls, now: Callable[[], float] = time.time) -> Line:
    before = now()
    (theirs,) = _ask(urls.app, "SELECT extract(epoch FROM clock_timestamp())::float8")
    return clock(float(str(theirs)) - (before + now()) / 2)


def clock(skew: float) -> Line:
    found = f"database {abs(skew):.1f} s {'ahead' if skew > 0 else 'behind'}"
    if abs(skew) <= LARGEST_SKEW:
        return Line(verdict=Verdict.OK, subject="clock", found=found)
    advice = "Times on pages and in the database differ, expiry dates too. Let NTP set both clocks."
    return Line(verdict=Verdict.FAIL, subject="clock", found=found, advice=advice)
