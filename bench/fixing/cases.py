"""Small projects that ask for a version with known advisories, each with the program that locks it."""

from collections.abc import Mapping
from dataclasses import dataclass

_NPM_QUIETLY = "--package-lock-only --ignore-scripts --no-audit --no-fund"
_NPM = f"npm install {_NPM_QUIETLY}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """`files` are written, `lock` makes the lock by the ecosystem's own program. Both fetch nothing but what is named here."""

    name: str
    program: str
    files: Mapping[str, str]
    lock: str


CASES = (
    Case(
        name="npm, asked for",
        program="npm",
        files={"package.json": '{\n  "name": "shop",\n  "dependencies": {\n    "lodash": "4.17.20"\n  }\n}\n'},
        lock=_NPM,
    ),
    Case(
        name="npm, asked for by another",
        program="npm",
        files={
            "package.json": '{\n  "name": "shop",\n  "dependencies": {\n    "async": "2.6.3",\n    "lodash": "4.17.20"\n  }\n}\n'
        },
        lock=f"{_NPM} && npm uninstall lodash {_NPM_QUIETLY}",
    ),
    Case(
        name="uv",
        program="uv",
        files={
            "pyproject.toml": '[project]\nname = "shop"\nversion = "1"\nrequires-python = ">=3.11"\n'
            'dependencies = [\n    "werkzeug==2.2.2",\n]\n'
        },
        lock="uv lock --quiet",
    ),
    Case(
        name="poetry",
        program="poetry",
        files={
            "pyproject.toml": '[tool.poetry]\nname = "shop"\nversion = "1"\ndescription = ""\nauthors = []\n'
            'package-mode = false\n\n[tool.poetry.dependencies]\npython = "^3.11"\nwerkzeug = "2.2.2"\n'
        },
        lock="poetry lock --quiet --no-interaction",
    ),
    Case(
        name="pdm",
        program="pdm",
        files={
            "pyproject.toml": '[project]\nname = "shop"\nversion = "1"\nrequires-python = ">=3.11"\n'
            'dependencies = [\n    "werkzeug==2.2.2",\n]\n'
        },
        lock="pdm lock --quiet",
    ),
    Case(
        name="cargo",
        program="cargo",
        files={
            "Cargo.toml": '[package]\nname = "shop"\nversion = "0.1.0"\nedition = "2021"\n\n'
            '[dependencies]\nsmallvec = "=1.6.0"\n',
            "src/lib.rs": "",
        },
        lock="cargo generate-lockfile --quiet",
    ),
    Case(
        name="go",
        program="go",
        files={
            "go.mod": "module example.org/shop\n\ngo 1.21\n\nrequire golang.org/x/text v0.3.5\n",
            "shop.go": 'package shop\n\nimport _ "golang.org/x/text/language"\n',
        },
        lock="go mod download golang.org/x/text",
    ),
    Case(
        name="composer",
        program="composer",
        files={"composer.json": '{\n    "require": {\n        "guzzlehttp/psr7": "1.8.3"\n    }\n}\n'},
        lock="composer update --quiet --no-install --no-interaction --ignore-platform-reqs",
    ),
)
