import pytest
from django.http import QueryDict

from vallum_web.ui import links


@pytest.mark.parametrize(
    ("query", "changes", "expected"),
    [
        pytest.param("", {}, "?", id="nothing to nothing"),
        pytest.param("q=a", {"sort": "-risk"}, "?q=a&sort=-risk", id="one more"),
        pytest.param("q=a&sort=name", {"sort": "-risk"}, "?q=a&sort=-risk", id="another value"),
        pytest.param("q=a&sort=name", {"sort": None}, "?q=a", id="none removes"),
        pytest.param("q=a", {"q": ""}, "?", id="empty removes"),
        pytest.param("after=x&q=a", {"sort": "risk"}, "?q=a&sort=risk", id="a cursor does not survive another order"),
        pytest.param("after=x&q=a", {"before": "y"}, "?q=a&before=y", id="unless it is what changes"),
        pytest.param("k=1&k=2", {"q": "x"}, "?k=1&k=2&q=x", id="many values stay many"),
        pytest.param("", {"q": "a b&c=ü"}, "?q=a+b%26c%3D%C3%BC", id="quoted"),
        pytest.param("", {"n": 0}, "?n=0", id="zero is a value"),
    ],
)
def test_changed(query, changes, expected):
    assert links.changed(QueryDict(query), changes) == expected
