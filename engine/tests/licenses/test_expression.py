"""SPDX expressions: what is read is what is written, and what a choice or a sum comes to."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vallum_engine.errors import BrokenData
from vallum_engine.licenses.expression import MOST_DEPTH, All, Any, Term, category, either, every, parse, terms
from vallum_engine.licenses.known import Category, listed

IDS = [
    "MIT",
    "Apache-2.0",
    "GPL-2.0-only",
    "LGPL-2.1-or-later",
    "AGPL-3.0-only",
    "BUSL-1.1",
    "LicenseRef-Ours.1",
    "MPL-2.0",
]
TERMS = st.builds(
    Term,
    id=st.sampled_from(IDS),
    plus=st.booleans(),
    exception=st.sampled_from(["", "Classpath-exception-2.0", "LLVM-exception"]),
).filter(lambda term: not (term.plus and term.id.endswith(("-only", "-or-later", ".1"))))
EXPRESSIONS = st.recursive(
    TERMS,
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=4).map(every), st.lists(inner, min_size=1, max_size=4).map(either)
    ),
    max_leaves=12,
)


@given(EXPRESSIONS)
def test_what_is_written_is_read_again(expression):
    assert parse(str(expression)) == expression
    assert parse(str(expression).lower().replace("licenseref-ours.1", "LicenseRef-Ours.1")) == expression


@given(EXPRESSIONS, EXPRESSIONS)
def test_more_to_hold_never_asks_less_and_more_to_choose_never_asks_more(one, other):
    assert category(every([one, other])).rank == max(category(one).rank, category(other).rank)
    assert category(either([one, other])).rank == min(category(one).rank, category(other).rank)


@given(EXPRESSIONS)
def test_joining_is_flat_and_says_nothing_twice(expression):
    assert every([expression, expression]) == every([expression])
    for kind in (All, Any):
        if isinstance(expression, kind):
            assert not any(isinstance(part, kind) for part in expression.parts)
            assert len(set(expression.parts)) == len(expression.parts) > 1


FORMS = [
    ("case", "mit or APACHE-2.0", "MIT OR Apache-2.0"),
    ("and before or", "MIT OR ISC AND Zlib", "MIT OR ISC AND Zlib"),
    ("brackets that matter", "(MIT OR ISC) AND Zlib", "(MIT OR ISC) AND Zlib"),
    ("brackets that do not", "((MIT) OR ((ISC)))", "MIT OR ISC"),
    ("with", "GPL-2.0-or-later with classpath-exception-2.0", "GPL-2.0-or-later WITH Classpath-exception-2.0"),
    ("an old id", "GPL-2.0", "GPL-2.0-only"),
    ("an old id with plus", "LGPL-2.1+", "LGPL-2.1-or-later"),
    ("plus where no id says it", "Apache-2.0+", "Apache-2.0+"),
    ("an old id that is two", "GPL-2.0-with-classpath-exception", "GPL-2.0-or-later WITH Classpath-exception-2.0"),
    ("a copy that was one licence", "BSD-2-Clause-FreeBSD", "BSD-2-Clause"),
    ("another document's", "DocumentRef-a:LicenseRef-b", "DocumentRef-a:LicenseRef-b"),
    ("nothing said", "noassertion", "NOASSERTION"),
]


@pytest.mark.parametrize(("text", "form"), [pytest.param(*row[1:], id=row[0]) for row in FORMS])
def test_an_expression_has_one_form(text, form):
    assert str(parse(text)) == form


WRONG = [
    ("nothing", "", "its end"),
    ("an unknown id", "MIT AND Apache", "'Apache'"),
    ("no operator", "MIT ISC", "'ISC'"),
    ("a lonely operator", "MIT OR", "its end"),
    ("an operator for a licence", "OR MIT", "'OR'"),
    ("an open bracket", "(MIT", "its end"),
    ("a licence for an exception", "MIT WITH ISC", "'ISC'"),
    ("an exception of several", "(MIT OR ISC) WITH LLVM-exception", "'WITH'"),
    ("too deep", "(" * 60 + "MIT" + ")" * 60, f"{MOST_DEPTH} deep"),
    ("too long", "MIT OR " * 200_000 + "MIT", "longer than"),
]


@pytest.mark.parametrize(("text", "says"), [pytest.param(*row[1:], id=row[0]) for row in WRONG])
def test_what_is_no_expression_is_refused_with_a_reason(text, says):
    with pytest.raises(BrokenData, match="licence expression") as caught:
        parse(text)
    assert says in str(caught.value)


def test_a_hundred_thousand_choices_are_read():
    wide = parse(" OR ".join(f"LicenseRef-{number}" for number in range(50_000)))
    assert len(list(terms(wide))) == 50_000
    assert parse(" OR ".join(["MIT"] * 100_000)) == Term(id="MIT")


ASKS = [
    ("MIT", Category.PERMISSIVE),
    ("MPL-2.0", Category.WEAK_COPYLEFT),
    ("GPL-3.0-or-later", Category.STRONG_COPYLEFT),
    ("GPL-2.0-only WITH Classpath-exception-2.0", Category.WEAK_COPYLEFT),
    ("Apache-2.0 WITH LLVM-exception", Category.PERMISSIVE),
    ("AGPL-3.0-only", Category.NETWORK_COPYLEFT),
    ("BUSL-1.1", Category.PROPRIETARY),
    ("LicenseRef-UNLICENSED", Category.PROPRIETARY),
    ("LicenseRef-Ours", Category.UNKNOWN),
    ("GPL-3.0-only OR MIT", Category.PERMISSIVE),
    ("GPL-3.0-only AND MIT", Category.STRONG_COPYLEFT),
    ("(AGPL-3.0-only OR MPL-2.0) AND MIT", Category.WEAK_COPYLEFT),
    ("LicenseRef-Ours OR GPL-3.0-only", Category.STRONG_COPYLEFT),
]


@pytest.mark.parametrize(("text", "asks"), ASKS, ids=[text for text, _ in ASKS])
def test_what_a_licence_asks(text, asks):
    assert category(parse(text)) is asks


def test_every_id_of_the_list_is_read_and_is_of_today():
    known = listed()
    for licence in known.licences.values():
        written = str(parse(licence.id))
        assert written == (licence.current or licence.id)
        assert str(parse(written)) == written
    for exception in known.exceptions.values():
        assert str(parse(f"GPL-2.0-only WITH {exception}")) == f"GPL-2.0-only WITH {exception}"
    assert len(known.licences) > 700
