"""Where ranges are overruled: the file says one thing more, and nothing else in it changes."""

import pytest

from vallum_engine.sca.planning.overrides import Overrides, Overruled
from vallum_engine.sca.planning.pnpm_settings import KEY, Settings, declared

WANTED = Overrides(key=("overrides",), wanted={"left": "^2.0.0"})
BELOW_PNPM = Overrides(key=("pnpm", "overrides"), wanted={"left": "^2.0.0"})


def written(place, text, *overrides):
    for own in overrides:
        assert place.line(own)
    start, end, new = place.splice()
    return text[:start] + new + text[end:]


@pytest.mark.parametrize(
    ("overrides", "before", "after"),
    [
        (WANTED, "{}", '{"overrides": {"left": "^2.0.0"}}'),
        (WANTED, '{"a": 1}', '{"a": 1, "overrides": {"left": "^2.0.0"}}'),
        (WANTED, '{\n  "a": 1\n}\n', '{\n  "a": 1,\n  "overrides": {\n    "left": "^2.0.0"\n  }\n}\n'),
        (WANTED, '{\r\n\t"a": 1\r\n}', '{\r\n\t"a": 1,\r\n\t"overrides": {\r\n\t\t"left": "^2.0.0"\r\n\t}\r\n}'),
        (
            WANTED,
            '{\n  "overrides": {\n    "right":   "1"\n  },\n  "b": [1,2]\n}',
            '{\n  "overrides": {\n    "right":   "1",\n    "left": "^2.0.0"\n  },\n  "b": [1,2]\n}',
        ),
        (
            WANTED,
            '{\n  "overrides": {\n    "left": "1"\n  },\n  "b": [1,2]\n}',
            '{\n  "overrides": {\n    "left": "^2.0.0"\n  },\n  "b": [1,2]\n}',
        ),
        (WANTED, '{\n  "overrides": {},\n  "b": 1\n}', '{\n  "overrides": {\n    "left": "^2.0.0"\n  },\n  "b": 1\n}'),
        (
            BELOW_PNPM,
            '{\n  "pnpm": {\n    "x": 1\n  }\n}',
            '{\n  "pnpm": {\n    "x": 1,\n    "overrides": {\n      "left": "^2.0.0"\n    }\n  }\n}',
        ),
        (
            BELOW_PNPM,
            '{\n  "a": 1\n}',
            '{\n  "a": 1,\n  "pnpm": {\n    "overrides": {\n      "left": "^2.0.0"\n    }\n  }\n}',
        ),
    ],
)
def test_a_package_json(overrides, before, after):
    assert written(Overruled(before), before, overrides) == after
    assert Overruled(after).says(overrides)
    assert not Overruled(before).says(overrides)


@pytest.mark.parametrize(
    "text", ["", "[]", "7", "{", '{"overrides": 1}', '{"overrides": {"left": {".": "1"}}}', '{"overrides": [{}]}']
)
def test_what_says_something_else_there_stays_as_it_is(text):
    place = Overruled(text)
    assert place.line(WANTED) is None
    assert place.splice() is None


SETTINGS = Overrides(key=KEY, wanted={"left@1.5.0": "^2.0.0"})
LINE = "'left@1.5.0': '^2.0.0'\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", f"overrides:\n  {LINE}"),
        ("packages:\n  - a", f"packages:\n  - a\n\noverrides:\n  {LINE}"),
        (
            "overrides:\n    right: '1' # why\n    \"@a/b\": ^1.0\n\n# then\npackages:\n  - a\n",
            f"overrides:\n    right: '1' # why\n    \"@a/b\": ^1.0\n    {LINE}\n# then\npackages:\n  - a\n",
        ),
        ("overrides:\n", f"overrides:\n  {LINE}"),
    ],
)
def test_a_pnpm_workspace(before, after):
    assert written(Settings(before), before, SETTINGS) == after
    assert Settings(after).says(SETTINGS)


@pytest.mark.parametrize(
    "text",
    ["overrides: {left: 1}\n", "overrides:\n  - left\n", "overrides:\n  left@1.5.0: 1\n", "overrides:\noverrides:\n"],
)
def test_a_workspace_in_another_style_stays_as_it_is(text):
    place = Settings(text)
    assert place.line(SETTINGS) is None
    assert place.splice() is None


def test_which_pnpm_is_declared():
    assert declared({"packageManager": "pnpm@11.2.0+sha512.a"}) == 11
    assert declared({"packageManager": "yarn@4.1.0"}) is None
    assert declared({"packageManager": 7}) is None
