"""`python -m dev.formats`: the table of report formats in docs/importing.md, written from the catalogue."""

import sys
from pathlib import Path

from vallum_engine.parsers.catalogue import all_formats

PAGE = Path(__file__).resolve().parents[1] / "docs/importing.md"
_BEGIN = "<!-- formats: written by `python -m dev.formats` -->\n"
_END = "<!-- formats end -->\n"


def table() -> str:
    """One row a format, in the order of ids."""
    rows = (f"| `{name}` | [{format_.title}]({format_.docs}) |\n" for name, format_ in all_formats().items())
    return "| `--as` | format |\n|---|---|\n" + "".join(rows)


def written(text: str) -> str:
    """The page with the table as it should be."""
    before, _, rest = text.partition(_BEGIN)
    after = rest.partition(_END)[2]
    return f"{before}{_BEGIN}{table()}{_END}{after}"


def main() -> int:
    PAGE.write_text(written(PAGE.read_text("utf-8")), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
