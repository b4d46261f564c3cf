"""The packaged rules, read once for all tests of a process, and compiled for the first that scans: that takes seconds."""

from functools import cache

from vallum_engine.secrets import rulebook
from vallum_engine.secrets.detector import SecretsDetector
from vallum_engine.triggers import Database, collect

PAIRS = rulebook.packaged_with_samples()
BOOK = rulebook.build([rule for rule, _ in PAIRS])
PLAN = collect([SecretsDetector(BOOK)])


@cache
def compiled() -> Database:
    return PLAN.load(PLAN.compile())
