"""`vallum-web up` with small programs in place of the platform's: `up.py HOME [OPTION=VALUE …]`."""

import sys
from functools import partial
from pathlib import Path

from vallum_web.embedded import plan
from vallum_web.embedded.errors import EmbeddedError
from vallum_web.embedded.narrator import Narrator
from vallum_web.embedded.supervisor import Options, Supervisor

here = Path(__file__).parent
home, *given = sys.argv[1:]
said = dict(option.split("=", 1) for option in given)
broken = (sys.executable, "-c", "import sys; sys.exit('this program is broken')")


def program(name: str) -> plan.Command:
    return broken if said.get("broken") == name else (sys.executable, str(here / f"{name}.py"))


programs = plan.Programs(
    migrate=program("migrate"),
    worker=program("worker"),
    seed=program("seed"),
    web=(lambda _: broken) if said.get("broken") == "web" else partial(plan.web_command, application="app:application"),
    page="/",
    schema=lambda: "the only one",
)
options = Options(
    home=Path(home),
    host=said.get("host", "127.0.0.1"),
    port=int(said["port"]) if "port" in said else None,
    demo=said.get("demo") == "1",
)
try:
    sys.exit(Supervisor(options, Narrator(sys.stdout), programs=programs).run())
except EmbeddedError as error:
    sys.exit(f"vallum-web: {error}")
