"""The rules, in the order of the table in docs/contributing.md."""

from dev.lint.rules import (
    broad,
    clock,
    doors,
    lazy,
    length,
    models,
    names,
    places,
    reasons,
    signals,
    templates,
    transactions,
    walls,
    words,
)

RULES = (
    length.RULE,
    names.RULE,
    words.RULE,
    *lazy.RULES,
    *walls.RULES,
    models.RULE,
    signals.RULE,
    doors.RULE,
    transactions.RULE,
    clock.RULE,
    broad.RULE,
    reasons.RULE,
    *templates.RULES,
    *places.RULES,
)
