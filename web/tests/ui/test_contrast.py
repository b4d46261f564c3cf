"""The tokens' promises (WCAG 2.2): text at least 4.5:1, marks and borders of controls at least 3:1, in both themes."""

import itertools
import re
from pathlib import Path

import pytest

import vallum_web.ui

STATIC = Path(vallum_web.ui.__file__).parent / "static" / "ui"
THEMES = ("light", "dark")
SEVERITIES = ("critical", "high", "medium", "low", "info")
HEX = r"#[0-9a-f]{6}"


def tokens(theme):
    found = {}
    pattern = rf"--([\w-]+): (?:light-dark\(({HEX}), ({HEX})\)|({HEX}));"
    for name, light, dark, both in re.findall(pattern, (STATIC / "tokens.css").read_text()):
        found[name] = both or (light if theme == "light" else dark)
    return found


def luminance(colour):
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one, other):
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


TEXT = [
    (text, ground)
    for text in ("text", "muted", "faint", "accent", "pass")
    for ground in ("canvas", "surface", "sunken")
]
TEXT += [("critical", ground) for ground in ("canvas", "surface")]  # words of an error, a button that removes
TEXT += [(f"on-{name}", name) for name in SEVERITIES]
TEXT += [("canvas", "text")]  # the primary button
MARKS = [*itertools.product(SEVERITIES, ("canvas", "surface")), ("edge", "canvas"), ("edge", "surface")]


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize(("text", "ground"), TEXT)
def test_text_can_be_read(theme, text, ground):
    found = tokens(theme)
    assert contrast(found[text], found[ground]) >= 4.5


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize(("mark", "ground"), MARKS)
def test_marks_can_be_seen(theme, mark, ground):
    found = tokens(theme)
    assert contrast(found[mark], found[ground]) >= 3


@pytest.mark.parametrize("sheet", sorted(STATIC.glob("*.css")), ids=lambda sheet: sheet.name)
def test_components_read_roles_and_never_colours(sheet):
    text = re.sub(r"/\*.*?\*/", "", sheet.read_text(), flags=re.DOTALL)
    if sheet.name != "tokens.css":
        assert re.findall(r"#[0-9a-fA-F]{3,8}\b(?=[;, )])|\b(?:rgb|hsl|oklch|oklab)a?\(", text) == []
    assert re.findall(r"url\(|@import|!important(?!;)", text) == []
    assert re.findall(r"outline:\s*(?:0|none)", text) == []  # the focus ring is always visible
    used = set(re.findall(r"var\((--[\w-]+)", text))
    known = set().union(*(re.findall(r"(--[\w-]+):", other.read_text()) for other in STATIC.glob("*.css")))
    assert used <= known


def test_weights_are_two():
    sheets = "".join(sheet.read_text() for sheet in STATIC.glob("*.css"))
    weights = set(re.findall(r"font-weight: (\w+)", sheets)) | set(re.findall(r"font: (\d+) ", sheets))
    assert weights == {"400", "600"}
    assert "letter-spacing" not in sheets
    assert "text-transform" not in sheets
