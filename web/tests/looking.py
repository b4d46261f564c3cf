"""A page looked at in a real browser: what keeps people out of it, and what is wider than its window.

Each page is seen in light and in dark, wide and narrow, which two views do: colours do not follow the width. With
VALLUM_SHOTS=FOLDER it is seen in all four, and each of them is kept there as a picture.
"""

import os
from itertools import product
from pathlib import Path
from typing import Literal

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

SHOTS = os.environ.get("VALLUM_SHOTS", "")
VIEWS = tuple(product(("light", "dark"), (1440, 390))) if SHOTS else (("light", 1440), ("dark", 390))
"""Colour schemes and widths, of which each comes up."""
SURE = {"duplicate-id-aria"}
"""What axe asks somebody to look at, and what is a fault all the same."""


def barriers(page: Page, name: str = "", *, whole: bool = True) -> list[tuple[object, ...]]:
    """What there is to say against the page as it stands, in every view; the window is then wide and light again."""
    found: list[tuple[object, ...]] = []
    for view in VIEWS:
        put(page, *view)
        found += here(page, "-".join([name, *map(str, view)]) if name else "", whole=whole)
    put(page, "light", 1440)
    return found


def here(page: Page, name: str = "", *, whole: bool = True) -> list[tuple[object, ...]]:
    """The same of the view that it is in. `whole`: whether the picture is of the page, not of the window."""
    page.wait_for_load_state()  # a click ends with the first byte of the next page, which has no element yet
    picture(page, name, whole=whole)
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    found = Axe().run(page).response
    problems = [*found["violations"], *(each for each in found["incomplete"] if each["id"] in SURE)]
    said = [
        (page.url, name, problem["id"], [node["html"][:200] for node in problem["nodes"][:3]]) for problem in problems
    ]
    return [*said, (page.url, name, f"{wide} pixels wider than its window")] if wide > 0 else said


def picture(page: Page, name: str, *, whole: bool = True) -> None:
    """Kept where pictures are."""
    if SHOTS and name:
        page.screenshot(path=Path(SHOTS) / f"{name}.png", full_page=whole)


def put(page: Page, scheme: Literal["light", "dark"], width: int) -> None:
    """Show it in this colour scheme, and this wide."""
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": 900})
