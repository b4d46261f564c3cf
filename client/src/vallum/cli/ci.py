"""`vallum ci`: what to put into a repository so that its pipeline scans."""

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path

from vallum import output
from vallum.cli import parser
from vallum.cli.exits import Exit
from vallum_engine import VERSION

TEMPLATES: Mapping[str, tuple[str, str]] = {
    "azure": ("azure.yml", "azure-pipelines.yml"),
    "bitbucket": ("bitbucket.yml", "bitbucket-pipelines.yml"),
    "circleci": ("circleci.yml", ".circleci/config.yml"),
    "github": ("github.yml", ".github/workflows/vallum.yml"),
    "gitlab": ("gitlab.yml", ".gitlab-ci.yml"),
    "jenkins": ("Jenkinsfile", "Jenkinsfile"),
}
"""By the name of a service: our file, and where the service looks for its own."""
_FOLDER = Path(__file__).parents[1] / "templates"
_PLACES = "\n".join(f"  {name:<10}  {place}" for name, (_, place) in TEMPLATES.items())
_EPILOG = f"""\
where each service looks:
{_PLACES}

  vallum ci print github > .github/workflows/vallum.yml
"""


def run(arguments: Sequence[str]) -> Exit:
    """Print the pipeline of one service."""
    given = _parser().parse_args(arguments)
    output.to_stdout(text(given.service).encode())
    return Exit.CLEAN


def text(service: str) -> str:
    """The template, with the version of this command in it."""
    name, _ = TEMPLATES[service]
    return (_FOLDER / name).read_text("utf-8").replace("@VERSION@", VERSION)


def _parser() -> argparse.ArgumentParser:
    command = parser.command(
        "ci", description="Print a pipeline that scans, for a service of your choice.", epilog=_EPILOG
    )
    verbs = command.add_subparsers(dest="verb", required=True, metavar="print")
    printing = verbs.add_parser("print", help="to standard output", allow_abbrev=False)
    printing.add_argument("service", choices=sorted(TEMPLATES), metavar="SERVICE", help=", ".join(TEMPLATES))
    return command
