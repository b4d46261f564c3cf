"""Distributions that are no longer mended: by a table of facts, and the date that the caller gives. The engine has no clock."""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import NamedTuple

from vallum_engine.model.finding import Confidence, Finding, Kind, Location, Remediation, Severity
from vallum_engine.sca.systems import END_OF_LIFE, END_OF_LIFE_SET
from vallum_engine.sca.systems.release import Release


class Support(NamedTuple):
    """What a distribution says of how long it mends."""

    name: str
    source: str
    """The publisher's page."""
    paid: str
    """What goes on longer for money; empty where nothing does."""
    ends: Mapping[str, str]
    """The last day by version, `YYYY-MM-DD`."""


@cache
def table() -> Mapping[str, Support]:
    told = tomllib.loads(files(__package__).joinpath("endings.toml").read_text("utf-8"))
    return {
        key: Support(name=each["name"], source=each["source"], paid=each.get("paid", ""), ends=each["ends"])
        for key, each in told.items()
    }


def ended(release: Release, today: str) -> Finding | None:
    """The finding that no more security fixes come; None for what is mended still, or unknown. `today`: `YYYY-MM-DD`."""
    support = table().get(_id(release))
    last = support and _last(support, release.version)
    if not support or not last or today <= last:
        return None
    name = f"{support.name} {release.version}"
    return Finding(
        kind=Kind.WEAKNESS,
        ruleset=END_OF_LIFE_SET,
        rule=END_OF_LIFE,
        title=f"{name} gets no more security fixes",
        severity=Severity.HIGH,
        confidence=Confidence.HIGH,
        message=f"{name} has had no more security fixes since {last}: what is found in its packages from then on stays open,"
        " and is often not even written down.",
        locations=(Location(path=release.path),),
        identity=("end-of-life/1", release.id, release.version),
        remediation=Remediation(steps=_steps(support, release, today)),
        references=(support.source,),
    )


def _id(release: Release) -> str:
    return "centos-stream" if release.ecosystem.endswith(" Stream") else release.id


def _last(support: Support, version: str) -> str:
    """Of the longest version in the table that this one is or begins with: 3.18 of 3.18.4, and not 3.1."""
    parts = version.split(".")
    known = (".".join(parts[:count]) for count in range(len(parts), 0, -1))
    return next((support.ends[each] for each in known if each in support.ends), "")


def _steps(support: Support, release: Release, today: str) -> tuple[str, ...]:
    later = {version: last for version, last in support.ends.items() if last > today}
    if later:
        best = max(later, key=lambda version: (later[version], version))
        todo = f"Move to {support.name} {best}, which is mended until {later[best]}, or build on an image of it."
    else:
        todo = f"Move to another distribution: no release of {support.name} that Vallum knows of is mended any more."
    steps = [todo, "Scan again afterwards: what is open in the packages then is what really is."]
    if support.paid:
        steps.insert(
            1, f"Until then {support.paid} goes on mending {support.name} {release.version} for money, for a time."
        )
    return tuple(steps)
