"""What `vallum` says of itself when it is asked for no command: help, version, what is wrong."""

import argparse
from collections.abc import Mapping, Sequence

from vallum.cli.parser import Parser
from vallum_engine import VERSION

_EPILOG = """\
examples:
  vallum scan                              this folder
  vallum scan --fail-on high --format sarif --output vallum.sarif .
  vallum scan https://example.org/team/project.git
  vallum packages --format json            what is there, and who asks for it
  vallum sbom --output bom.json            a bill of materials
  vallum fix                               which upgrades end the most
  vallum convert --format sarif zap.xml    a report of another tool
  vallum gate report.json --baseline main.json   nothing new
  vallum db update                         today's advisories

exit codes: 0 clean, 1 findings, 2 wrong usage, 3 something could not be scanned (wins over 1)
"""


def show(commands: Mapping[str, str], arguments: Sequence[str]) -> None:
    """The help, or what `arguments` ask for. Leaves by SystemExit where that is something else."""
    parser = _parser(commands)
    parser.parse_args(arguments)
    parser.print_help()


def _parser(commands: Mapping[str, str]) -> argparse.ArgumentParser:
    width = max(map(len, commands))
    listed = "\n".join(f"  {name.ljust(width)}  {summary}" for name, summary in commands.items())
    parser = Parser(
        prog="vallum",
        usage="vallum COMMAND [options]",
        description=f"Finds what can hurt a project, and says where it looked.\n\ncommands:\n{listed}\n\n"
        "`vallum COMMAND --help` says more about one.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"vallum {VERSION}")
    parser.add_argument("command", choices=sorted(commands), nargs="?", help=argparse.SUPPRESS)
    return parser
