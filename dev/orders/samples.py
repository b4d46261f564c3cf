"""Versions to ask about: made up to be near each other and odd in their ecosystem's own ways, the same for the same seed."""

import random
from collections.abc import Mapping, Sequence

_BEGINNINGS: Mapping[str, Sequence[str]] = {
    "dpkg": ("", "", "", "0:", "1:", "12:"),
    "rpm": ("", "", "", "0:", "1:", "12:"),
    "rubygems": ("",),
    "composer": ("", "", "v", "V"),
    "maven": ("",),
    "elixir": ("0.0.", "0.1.", "1.0.", "1.2.", "1.10.", "10.0."),
    "npm": ("0.0.", "0.1.", "1.0.", "1.2.", "1.10.", "10.0.", "v1.2.", "=1.2.", "v1.0."),
    "packaging": ("", "", "", "v", "0!", "1!"),
    "apk": ("",),
}
_PIECES: Mapping[str, str] = {
    "dpkg": ". . . + ~ - 0 1 2 9 10 00 a b Z rc ~~ +dfsg ~bpo +b1 +deb12u1",
    "rpm": ". . . _ + ~ ^ - 0 1 2 9 10 01 a b Z rc .el9 .el9_2 .fc38 ~rc1 ^git1",
    "rubygems": ".0 .1 .2 .9 .10 .00 .a .b .rc .pre .beta .rc1 .rc.1 .alpha .b2 -1 -a 0 1 9 a rc",
    "composer": ".0 .0 .1 .2 .9 .10 .00 -alpha -alpha1 -beta -beta.2 b3 -RC1 -rc -patch1 -p2 pl3 -dev .x-dev "
    "-stable +build @dev _1 -2 a 0 1",
    "maven": ".0 .0 .1 .2 .9 .10 .00 -0 -1 -2 -10 a b alpha beta m1 -milestone -rc -rc2 -cr1 -snapshot .ga .Final "
    "-final -release sp1 -sp -foo x -alpha-1 -SNAPSHOT .RC2 .M3 _1 -jre -android -20230101.123456-1 +1",
    "elixir": "-a -1 -rc.1 -rc.0 -dev -alpha.beta -alpha .beta -A -0a -10 -9 0 +build +b.1",
    "npm": "-a -1 -rc.1 -rc.0 -dev -alpha.beta -alpha beta rc2 -A -0a -10 -9 +build +b.1",
    "packaging": ".0 .0 .1 .2 .9 .10 .00 a1 b2 rc1 .alpha -pre c3 .post1 -1 -r4 .rev .dev0 .dev2 dev +abc +5 "
    "+abc.1 _1 0 1",
    "apk": ". . .0 0 1 2 9 10 00 01 a b _alpha _alpha1 _beta2 _pre _rc1 _p _p1 _git20240101 _cvs _hg3 _svn4 -r0 "
    "-r1 -r10 ~ab12",
}
"""By ecosystem's program, parted by blanks."""


def made(name: str, count: int, *, seed: int = 1) -> list[str]:
    """`count` different versions, many of which differ by one piece."""
    chance = random.Random(seed)
    beginnings, pieces = _BEGINNINGS[name], _PIECES[name].split()
    found: dict[str, None] = {}
    while len(found) < count:
        text = chance.choice(beginnings) + chance.choice(("0", "1", "1", "1", "2", "10"))
        for _ in range(chance.choice((1, 1, 2, 2, 3, 4, 6))):
            found[text] = None
            text += chance.choice(pieces)
        found[text] = None
    return list(found)[:count]


def pairs(name: str, count: int, *, seed: int) -> list[tuple[str, str]]:
    """Pairs of such versions: half of them neighbours in the making."""
    versions = made(name, count, seed=seed)
    chance = random.Random(seed + 1)
    return [(version, versions[at - 1] if at % 2 else chance.choice(versions)) for at, version in enumerate(versions)]
