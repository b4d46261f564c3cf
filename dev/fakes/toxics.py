"""What goes wrong on purpose. Shares are from 0 to 1; chance is seeded, so that a run repeats."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from random import Random
from typing import Any


@dataclass(kw_only=True)
class Toxics:
    delay: float = 0
    """Seconds before each answer."""
    errors: float = 0
    """Share of requests that fail with 500 before anything happened."""
    lost: float = 0
    """Share of requests that are carried out, and the connection then ends without an answer."""
    down_until: float = 0
    """Until then, by the fake's clock, every request is answered 503 and no webhook leaves."""
    hooks_lost: float = 0
    hooks_twice: float = 0
    hooks_shuffled: bool = False
    hooks_delay: float = 0
    """Seconds, by the fake's clock, from an event to its webhook."""
    chance: Random = field(default_factory=lambda: Random(0))

    def strikes(self, share: float) -> bool:
        return share > 0 and self.chance.random() < share

    def wait(self) -> None:
        if self.delay:
            time.sleep(self.delay)

    def change(self, wanted: Mapping[str, Any]) -> None:
        """As the control door was told. `seed` starts chance anew."""
        known = {each.name for each in fields(self)} - {"chance"}
        if unknown := wanted.keys() - known - {"seed"}:
            raise ValueError(f"No such toxic: {', '.join(sorted(unknown))}. There are: {', '.join(sorted(known))}.")
        for name in known & wanted.keys():
            if not isinstance(wanted[name], int | float):
                raise TypeError(f"{name} is a number.")
            setattr(self, name, wanted[name])
        if "seed" in wanted:
            self.chance = Random(wanted["seed"])

    def told(self) -> dict[str, Any]:
        return {each.name: getattr(self, each.name) for each in fields(self) if each.name != "chance"}
