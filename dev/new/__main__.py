"""`python -m dev.new KIND ID`: exit code 0 and what to do next, or 2 and what was wrong."""

import sys
from pathlib import Path

from dev.new import adr, lockfile, page, secret
from dev.new.plan import Refused, carry_out

ROOT = Path(__file__).resolve().parents[2]
KINDS = {
    "adr": (adr.plan, "a-title-in-words"),
    "lockfile": (lockfile.plan, "Ecosystem/file name, as in Maven/gradle.lockfile"),
    "page": (page.plan, "app/name, as in findings/trends"),
    "secret": (secret.plan, "rule id, as in npm-access-token"),
}
USAGE = "make new KIND=… ID=…, with\n" + "\n".join(f"  KIND={kind:9} ID={ids}" for kind, (_, ids) in KINDS.items())


def main(arguments: list[str], root: Path = ROOT) -> int:
    match arguments:
        case [kind, name] if kind in KINDS:
            pass
        case _:
            print(USAGE, file=sys.stderr)
            return 2
    try:
        plan = KINDS[kind][0](name, root)
        written = carry_out(plan, root)
    except Refused as error:
        print(f"make new: {error}", file=sys.stderr)
        return 2
    for path in written:
        print(f"{'wrote' if path in plan.create else 'added to'} {path}")
    for step in plan.todo:
        print(f"- {step}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
