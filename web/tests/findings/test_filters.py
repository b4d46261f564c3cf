"""The query string as a value, and back."""

from uuid import UUID

import pytest
from django.http import QueryDict

from vallum_web.findings.filters import Filters
from vallum_web.findings.story import web_address

ASSET = UUID("01890a5d-ac96-774b-bcce-b302099a8057")


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        pytest.param("", Filters(), id="nothing: open, by risk"),
        pytest.param("status=any&sort=-opened", Filters(status="any", sort="-opened"), id="status and order"),
        pytest.param(f"sort=path&asset={ASSET}", Filters(asset=ASSET, sort="path"), id="by path in one asset"),
        pytest.param("sort=path", Filters(), id="by path over all assets: no index has it"),
        pytest.param("severity=low&severity=critical", Filters(severities=("critical", "low")), id="worst first"),
        pytest.param("severity=dreadful&status=odd&sort=-colour&kind=x", Filters(), id="unknown values are left out"),
        pytest.param(f"asset={ASSET}", Filters(asset=ASSET), id="an asset"),
        pytest.param("asset=nonsense", Filters(), id="no asset"),
        pytest.param("q=%20a%00b%20", Filters(text="ab"), id="text without NUL and blanks around"),
        pytest.param("q=" + "x" * 900, Filters(text="x" * 200), id="text of any length"),
        pytest.param(
            "kind=secret&confidence=high&rule=r", Filters(kinds=("secret",), confidences=("high",), rule="r"), id="more"
        ),
        pytest.param("since=7d", Filters(since="7d", change="opened"), id="since, of what was opened"),
        pytest.param(
            "since=2026-11-20&change=resolved",
            Filters(since="2026-11-20", change="resolved", status="resolved"),
            id="what was resolved has that status",
        ),
        pytest.param("change=resolved", Filters(), id="a change without its moment"),
        pytest.param("since=0001-01-01T00:00:00%2B14:00&since=1969-12-31", Filters(), id="before there were keys"),
        pytest.param("group=rule&package=-", Filters(group="rule", package="-"), id="grouped"),
    ],
)
def test_a_query_string_is_read(query, expected):
    assert Filters.parse(QueryDict(query)) == expected


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        pytest.param(Filters(), "", id="as usual: no query at all"),
        pytest.param(
            Filters(severities=("high", "low"), text="a b&c"), "?severity=high&severity=low&q=a+b%26c", id="quoted"
        ),
        pytest.param(
            Filters(status="open", since="24h", change="resolved"),
            "?status=open&since=24h&change=resolved",
            id="a status that its change does not have by itself",
        ),
        pytest.param(
            Filters(status="any", asset=ASSET, sort="path"), f"?status=any&asset={ASSET}&sort=path", id="all set"
        ),
    ],
)
def test_filters_are_written_in_one_order_and_read_back(filters, expected):
    assert filters.query() == expected
    assert Filters.parse(QueryDict(filters.query().removeprefix("?"))) == filters


def test_a_cursor_is_part_of_an_address_but_not_of_the_filters():
    assert Filters(text="x").query(after="abc", before="") == "?q=x&after=abc"


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        pytest.param("https://osv.example/a?b=c", True, id="https"),
        pytest.param("http://osv.example/", True, id="http"),
        pytest.param("javascript:alert(1)", False, id="a script"),
        pytest.param("JaVaScRiPt://osv.example/%0aalert(1)", False, id="a script with a host"),
        pytest.param("data:text/html,x", False, id="data"),
        pytest.param("//osv.example/", False, id="no scheme"),
        pytest.param("https:///path", False, id="no host"),
        pytest.param("http://[", False, id="malformed"),
        pytest.param(None, False, id="nothing"),
        pytest.param(7, False, id="a number"),
    ],
)
def test_only_web_addresses_become_links(text, safe):
    assert web_address(text) == (text if safe else "")
