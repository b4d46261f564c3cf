"""What is run, and with which environment: pure."""

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from vallum_web.embedded import migrations
from vallum_web.embedded.address import Address, bracketed, is_loopback
from vallum_web.embedded.cluster import Urls

Command = tuple[str, ...]
MANAGE: Command = (sys.executable, "-m", "vallum_web.config.manage")
RESTORE: Command = (sys.executable, "-m", "vallum_web.backups.restoring")
PAGE = "/readyz"
RUN = "VALLUM_RUN"  # marks the children of one supervisor, so that none can be lost


@dataclass(frozen=True, slots=True, kw_only=True)
class Programs:
    """Commands of the supervisor. Tests put small ones in their place."""

    migrate: Command
    worker: Command
    seed: Command
    web: Callable[[Address], Command]
    backups: Command = (sys.executable, "-m", "vallum_web.backups.schedule")
    page: str = PAGE  # any answer below 500 to this path counts as up
    schema: Callable[[], str] = migrations.fingerprint


def web_command(address: Address, application: str = "vallum_web.config.wsgi:application") -> Command:
    """Two processes of four threads: enough for one machine, and 8 + 8 connections at most in their pools."""
    options = [
        sys.executable,
        "-m",
        "granian",
        "--interface=wsgi",
        f"--host={address.host}",
        f"--port={address.port}",
        "--workers=2",
        "--blocking-threads=4",
        "--respawn-failed-workers",
        "--respawn-interval=0.2",
        "--workers-kill-timeout=3",
        "--no-ws",
        "--log-level=warning",
    ]
    if address.certificate:
        options += [
            f"--ssl-certificate={address.certificate.chain}",
            f"--ssl-keyfile={address.certificate.key}",
            "--ssl-protocol-min=tls1.3",
        ]
    return (*options, application)


PROGRAMS = Programs(
    migrate=(*MANAGE, "migrate", "--noinput"),
    worker=(sys.executable, "-m", "vallum_web.config.worker"),
    seed=(*MANAGE, "seed_demo"),
    web=web_command,
)


def environment(
    inherited: Mapping[str, str],
    home: Path,
    urls: Urls,
    *,
    address: Address | None = None,
    owner: bool = False,
    backup: bool = False,
) -> dict[str, str]:
    """What a child is told. The owner's address is for migrations and commands, that of backups for backups: never for web and worker."""
    # Options of the web server come from its command line, not from what happens to be in the operator's shell.
    kept = {name: value for name, value in inherited.items() if not name.startswith("GRANIAN_")}
    kept.pop("DATABASE_OWNER_URL", None)
    kept.pop("DATABASE_BACKUP_URL", None)
    kept |= {"VALLUM_HOME": str(home), "DATABASE_URL": urls.app, "PYTHONUNBUFFERED": "1"}
    if owner:
        kept["DATABASE_OWNER_URL"] = urls.owner
    if backup:
        kept["DATABASE_BACKUP_URL"] = urls.backup
    if address is not None:
        hosts = dict.fromkeys(bracketed(name) for name in (*address.names, address.host, address.near))
        loopback = ("localhost", "127.0.0.1", "[::1]") if is_loopback(address.near) else ()
        kept |= {
            "VALLUM_BIND": address.host,
            "VALLUM_LOOPBACK": "1" if is_loopback(address.host) else "0",
            "VALLUM_HOSTS": ",".join(dict.fromkeys([*hosts, *loopback])),
            "VALLUM_TLS": "1" if address.certificate else "0",
            "VALLUM_URL": address.url,
        }
    return kept
