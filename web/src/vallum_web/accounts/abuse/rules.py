"""What is unusual of a token's hour, seen against what it did before. Pure."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta

NETWORKS = 20
"""More networks than these within an hour (/24, /48), from one token:"""
LIKE_BEFORE = 3
"""and more than so many times the most of any hour before. Hosted pipelines come from somewhere else each time."""
BUSY = 200
TIMES = 10
NEW_ROUTES = 3
SILENCE = timedelta(days=60)
SETTLED = timedelta(days=7)
"""A token younger than this has no habits yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hour:
    """What a token did within an hour."""

    requests: int
    routes: Collection[str]
    networks: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Habit:
    """What it did before: for how long, and the most of any hour."""

    age: timedelta
    routes: Collection[str]
    busiest: int
    networks: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Unusual:
    """A rule that speaks: in words, with the figures in them and the bound that they passed."""

    rule: str
    words: str
    figures: dict[str, int]


def woke(silence: timedelta) -> Unusual:
    return Unusual(
        rule="token_woke",
        words=f"It was used after {silence.days} days of silence. More than {SILENCE.days} raise this.",
        figures={"days": silence.days, "bound": SILENCE.days},
    )


def judge(hour: Hour, habit: Habit) -> Sequence[Unusual]:
    return [found for found in (_networks(hour, habit), _pattern(hour, habit)) if found]


def _networks(hour: Hour, habit: Habit) -> Unusual | None:
    bound = max(NETWORKS, LIKE_BEFORE * habit.networks)
    if hour.networks <= bound:
        return None
    return Unusual(
        rule="token_networks",
        words=f"It was used from {hour.networks} networks within an hour; the most in any hour before were "
        f"{habit.networks}. More than {bound} raises this.",
        figures={"networks": hour.networks, "before": habit.networks, "bound": bound},
    )


def _pattern(hour: Hour, habit: Habit) -> Unusual | None:
    bound = max(BUSY, TIMES * habit.busiest)
    new = sorted(set(hour.routes) - set(habit.routes))
    if habit.age < SETTLED or hour.requests <= bound or len(new) < NEW_ROUTES:
        return None
    return Unusual(
        rule="token_pattern",
        words=f"It made {hour.requests} requests within an hour, to {len(new)} parts of the API that it never used; the "
        f"most in any hour before were {habit.busiest}. More than {bound}, with {NEW_ROUTES} new parts, raises this.",
        figures={"requests": hour.requests, "before": habit.busiest, "bound": bound, "new": len(new)},
    )
