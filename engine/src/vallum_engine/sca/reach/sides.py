"""Which code runs in production, which is tests and tooling, and which is somebody else's: by its path alone."""

import re
from enum import Enum


class Side(Enum):
    PRODUCTION = "production"
    SUPPORT = "tests and tooling"
    FOREIGN = "of others"
    """Installed or vendored packages, and what a machine wrote: what these import is their own affair."""


_FOREIGN = re.compile(
    r"!/|"
    r"(?:^|/)(?:node_modules|bower_components|jspm_packages|site-packages|dist-packages|__pypackages__|\.venv|venv|virtualenv"
    r"|\.tox|\.nox|\.yarn|\.pnpm-store|\.eggs|\.gradle|\.m2)/"
)
_VENDORED = re.compile(r"(?:^|/)vendor/")
"""Go's own folder of vendored modules; elsewhere a name for many things, so that what lies there still counts."""
_WRITTEN = re.compile(r"(?:\.min|\.bundle|\.chunk|\.d)\.[cm]?[jt]s$|\.pb\.go$|_pb2(?:_grpc)?\.py$")

_TEST_FOLDERS = re.compile(
    r"(?:^|/)(?:tests?|__tests__|__mocks__|__fixtures__|e2e|testdata|fixtures|cypress|playwright"
    r"|src/(?:[a-z]+Test|testFixtures))/"
)
_TOOL_FOLDERS = re.compile(
    r"(?:^|/)(?:docs?|documentation|examples?|samples?|demos?|benchmarks?|bench|scripts?|hack|\.github|\.gitlab|\.circleci|\.storybook"
    r"|\.husky|\.vscode|ci)/"
)
_MOST_ABOVE = {"javascript": 2}
_ONE_ABOVE = 1
"""Folders above one of tooling: deeper inside, these are names that code has as well (`src/app/docs/views.py`, `com/example`)."""
_MAIN = re.compile(r"(?:^|/)src/main/")

_SUPPORT_FILES = {
    "python": re.compile(
        r"(?:test_\w*|\w+_tests?|tests?|conftest|setup|noxfile|fabfile|dodo|_?version(?:ing|eer))\.py$"
    ),
    "javascript": re.compile(
        r".*[._-](?:test|tests|spec|specs|e2e|cy|stories|story|bench)\.[cm]?[jt]sx?$"
        r"|(?:ava|babel|commitlint|craco|cypress|esbuild|eslint|jest|karma|metro|mocha|nyc|playwright|postcss|prettier|protractor"
        r"|release|rollup|stylelint|tailwind|tsup|typedoc|vite|vitest|wdio|webpack)(?:\.[\w.-]+)?\.conf(?:ig)?\.[cm]?[jt]s$"
        r"|setupTests\.[jt]sx?$|(?:[Gg]ulp|Grunt)file\.[cm]?[jt]s$|\.[a-z]+rc\.[cm]?js$"
    ),
    "golang": re.compile(r".*_test\.go$|magefile\.go$|tools\.go$"),
    "java": re.compile(r".*(?:Tests?|IT|Spec)\.(?:java|kt|groovy|scala)$|.*\.gradle\.kts$|Jenkinsfile\.groovy$"),
    "": re.compile(
        r"\.?(?:tox|pytest|mypy|coverage|pylint|flake8|setup)\.(?:ini|cfg)$|\.?(?:readthedocs|pre-commit-config|travis|appveyor"
        r"|codecov|mkdocs|docker-compose\.test|environment|dependabot|renovate)\.(?:ya?ml|json)$|\.[a-z]+rc(?:\..*)?$"
        r"|(?:tsconfig|jsconfig|jest|lerna|nx|turbo|renovate|biome|vercel|angular).*\.json$"
    ),
}
"""By language; the empty one is for files of settings."""


def side(path: str, language: str) -> Side:
    """`language` is the reader's name (`python`), or empty for a file of settings."""
    if _FOREIGN.search(path) or _WRITTEN.search(path) or (language == "golang" and _VENDORED.search(path)):
        return Side.FOREIGN
    folder, slash, name = path.rpartition("/")
    folder += slash
    if language == "java" and _MAIN.search(folder):
        return Side.PRODUCTION
    if _TEST_FOLDERS.search(folder) or _SUPPORT_FILES[language].match(name):
        return Side.SUPPORT
    tool = _TOOL_FOLDERS.search(folder)
    if tool and folder.count("/", 0, tool.start() + 1) <= _MOST_ABOVE.get(language, _ONE_ABOVE):
        return Side.SUPPORT
    return Side.PRODUCTION
