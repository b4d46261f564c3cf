"""`vallum-web`: start the platform, look after it, and reach Django's commands with the right environment."""

import argparse
import os
import secrets
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from vallum_web.embedded import database, doctor, dump, home, plan, roles
from vallum_web.embedded.errors import EmbeddedError
from vallum_web.embedded.narrator import Narrator
from vallum_web.embedded.supervisor import Options, Supervisor

FAILED = 1
_ELSEWHERE = {
    "manage": "run one of Django's commands",
    "keys": "list or rotate the keys that secrets are sealed under",
    "audit": "verify audit logs; show the key that signs their checkpoints",
    "feeds": "show, fetch or import what is known of exploited vulnerabilities",
    "cards": "search texts and logs for numbers of payment cards",
    "backup": "back up database, files and keys; list, verify, prune; the recovery kit",
    "drill": "restore the latest backup into nothing, compare, and throw it away",
    "restore": "fill an empty state folder from a backup, with the recovery kit",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """The entry point; its result is the exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    chosen = _elsewhere(given) if given[:1] and given[0] in _ELSEWHERE else _parser().parse_args(given)
    try:
        return int(chosen.run(home.locate(os.environ, Path.cwd()), chosen))
    except EmbeddedError as error:
        sys.stderr.write(f"vallum-web: {error}\n")
        return FAILED


def _elsewhere(given: list[str]) -> argparse.Namespace:
    """Their options are their own, and must not be read as ours."""
    if given[0] == "restore":
        return argparse.Namespace(run=_bring_back, rest=given[1:])
    return argparse.Namespace(run=_manage, rest=given[1:] if given[0] == "manage" else given)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="vallum-web", description="The platform. Its state lies in VALLUM_HOME.", allow_abbrev=False
    )
    verbs = parser.add_subparsers(metavar="VERB", required=True)
    up = verbs.add_parser("up", help="start database, web and worker; Ctrl-C stops them")
    up.add_argument("--demo", action="store_true", help="fill an organization by really scanning; loopback only")
    up.add_argument("--host", default="127.0.0.1", help="address to listen on; any but loopback turns TLS 1.3 on")
    up.add_argument("--port", type=_port, help="default: the one of last time, else the first free one from 8000 on")
    up.add_argument("--name", action="append", default=[], help="a further name clients use, for the certificate")
    up.set_defaults(run=_up)
    verbs.add_parser("doctor", help="check this installation, and say what to do").set_defaults(run=_doctor)
    verbs.add_parser("migrate", help="bring the database's schema up to date").set_defaults(
        run=_manage, rest=["migrate", "--noinput"]
    )
    owner = verbs.add_parser("create-owner", help="make the first account")
    owner.add_argument("email")
    owner.add_argument("--org", metavar="NAME", help="name of their organization (default: Main)")
    owner.add_argument("--slug", metavar="ADDRESS", help="its part of addresses (default: made from the name)")
    owner.set_defaults(run=_create_owner)
    staff = verbs.add_parser("operator", help="who runs the platform: add, remove, list")
    staff.add_argument("verb", choices=("add", "remove", "list"))
    staff.add_argument("email", nargs="?")
    staff.set_defaults(run=_operator)
    breached = verbs.add_parser("passwords", help="the list of breached passwords that nobody here may choose")
    known = breached.add_subparsers(metavar="ACTION", required=True)
    imported = known.add_parser("import", help="take a list of SHA-1 digests or passwords, one a line")
    imported.add_argument("file")
    imported.set_defaults(run=_import_passwords)
    for name, said in _ELSEWHERE.items():  # what follows them is parsed where it is run
        verbs.add_parser(name, help=said, add_help=False)
    stored = verbs.add_parser("database", help="dump or restore it; the SQL that a server of your own needs")
    actions = stored.add_subparsers(metavar="ACTION", required=True)
    dumped = actions.add_parser("dump", help="write the embedded database into a new file")
    dumped.add_argument("file", type=Path)
    dumped.set_defaults(run=_dump)
    restored = actions.add_parser("restore", help="fill the embedded database, while it is empty, from a file")
    restored.add_argument("file", type=Path)
    restored.set_defaults(run=_restore)
    script = actions.add_parser("roles", help="print the SQL that makes roles and database, for psql")
    script.add_argument("--major", type=int, default=16, help="major version of the server (default: 16)")
    script.set_defaults(run=_roles)
    return parser


def _port(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) < 65_536:
        raise argparse.ArgumentTypeError(f"{text!r} is no port: give a number from 1 to 65535")
    return int(text)


def _up(folder: Path, chosen: argparse.Namespace) -> int:
    options = Options(home=folder, host=chosen.host, port=chosen.port, names=tuple(chosen.name), demo=chosen.demo)
    return Supervisor(options, Narrator(sys.stdout)).run()


def _doctor(folder: Path, _chosen: argparse.Namespace) -> int:
    return doctor.run(folder, Narrator(sys.stdout))


def _create_owner(folder: Path, chosen: argparse.Namespace) -> int:
    given = {"--org": chosen.org, "--slug": chosen.slug}
    options = [f"{name}={value}" for name, value in given.items() if value is not None]
    return _manage(folder, argparse.Namespace(rest=["create_owner", *options, "--", chosen.email]))


def _operator(folder: Path, chosen: argparse.Namespace) -> int:
    return _manage(
        folder, argparse.Namespace(rest=["operator", chosen.verb, *([chosen.email] if chosen.email else [])])
    )


def _import_passwords(folder: Path, chosen: argparse.Namespace) -> int:
    """Touches a file below the state folder and no database, so none is started."""
    environment = {**os.environ, "VALLUM_HOME": str(folder)}
    return subprocess.run(
        [*plan.MANAGE, "passwords", "import", "--", chosen.file], env=environment, check=False
    ).returncode


def _manage(folder: Path, chosen: argparse.Namespace) -> int:
    """Runs one of Django's commands against the running database, or one started for its time."""
    with database.attached(folder) as urls:
        environment = plan.environment(os.environ, folder, urls, owner=True, backup=True)
        with subprocess.Popen([*plan.MANAGE, *chosen.rest], env=environment) as command:
            former = signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the command's; its end is ours
            try:
                return command.wait()
            finally:
                signal.signal(signal.SIGINT, former)


def _dump(folder: Path, chosen: argparse.Namespace) -> int:
    dump.dump(folder, chosen.file, Narrator(sys.stdout))
    return 0


def _restore(folder: Path, chosen: argparse.Namespace) -> int:
    dump.restore(folder, chosen.file, Narrator(sys.stdout))
    return 0


def _bring_back(folder: Path, chosen: argparse.Namespace) -> int:
    """Before there is a database: Django's commands come into it later."""
    environment = {**os.environ, "VALLUM_HOME": str(folder)}
    return subprocess.run([*plan.RESTORE, *chosen.rest], env=environment, check=False).returncode


def _roles(_folder: Path, chosen: argparse.Namespace) -> int:
    passwords = roles.Passwords(owner=secrets.token_hex(24), app=secrets.token_hex(24), backup=secrets.token_hex(24))
    say = Narrator(sys.stdout).say
    say("-- The passwords are new and kept nowhere else. Set these for `vallum-web up`, with your server's name:")
    say(f"-- DATABASE_URL=postgresql://{roles.APP}:{passwords.app}@SERVER/{roles.DATABASE}?sslmode=verify-full")
    say(
        f"-- DATABASE_OWNER_URL=postgresql://{roles.OWNER}:{passwords.owner}@SERVER/{roles.DATABASE}?sslmode=verify-full"
    )
    say("-- And for backups, which read everything (docs/backups.md):")
    say(
        f"-- DATABASE_BACKUP_URL=postgresql://{roles.BACKUP}:{passwords.backup}@SERVER/{roles.DATABASE}?sslmode=verify-full"
    )
    say(roles.script(passwords, major=chosen.major))
    return 0


if __name__ == "__main__":
    sys.exit(main())
