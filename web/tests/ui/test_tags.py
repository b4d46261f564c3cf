from datetime import UTC, date, datetime

import pytest
from django.http import HttpRequest, QueryDict
from django.template import Context, Engine, TemplateSyntaxError

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
SEVERITIES = ("critical", "high", "medium", "low", "info")


def render(source, query="", **context):
    request = HttpRequest()
    request.path = "/things/"
    request.GET = QueryDict(query)
    return Engine.get_default().from_string(source).render(Context({"request": request, **context})).strip()


@pytest.mark.parametrize(
    ("source", "query", "expected"),
    [
        pytest.param('{% link_with sort="-risk" %}', "q=a&after=x", "/things/?q=a&amp;sort=-risk", id="own path"),
        pytest.param('{% link_with "/other/" q=None %}', "q=a", "/other/?", id="another list"),
        pytest.param("{{ 12345|count }}", "", "12,345", id="thousands"),
        pytest.param("{{ 10001|count:10000 }}", "", "10,000+", id="capped"),
        pytest.param("{{ 12345|count:10000 }}", "", "12,345", id="known beyond the cap"),
        pytest.param("{{ 200|span }}", "", "3 min 20 s", id="duration"),
        pytest.param("{{ None|span }}", "", "", id="no duration"),
        pytest.param("{% capture a %} b{% endcapture %}{{ a }}{{ a }}", "", "bb", id="written once, shown twice"),
    ],
)
def test_tags(source, query, expected):
    assert render(source, query) == expected


def test_a_list_beside_a_panel_keeps_its_own_address():
    assert render('{% link_with sort="name" %}', list_url="/list/") == "/list/?sort=name"


def test_capture_without_a_name_says_how_to_write_it():
    with pytest.raises(TemplateSyntaxError, match="capture name"):
        render("{% capture %}{% endcapture %}")


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        pytest.param(
            datetime(2026, 11, 24, 9, 0, tzinfo=UTC),
            '<time datetime="2026-11-24T09:00:00+00:00" title="2026-11-24 09:00:00 UTC">3 hours ago</time>',
            id="a moment",
        ),
        pytest.param(date(2026, 12, 1), '<time datetime="2026-12-01" title="2026-12-01">in 7 days</time>', id="a date"),
        pytest.param(None, '<span class="faint">never</span>', id="never"),
    ],
)
def test_times_are_words_with_the_exact_one_on_hover(at, expected):
    assert render("{% when at %}", at=at, now=NOW) == expected


def test_a_time_without_a_clock_is_exact():
    assert ">2026-11-24 12:00:00 UTC<" in render("{% when at %}", at=NOW)


@pytest.mark.parametrize(
    ("query", "options", "direction", "target"),
    [
        pytest.param("", "", None, "?sort=name", id="unsorted: rises first"),
        pytest.param("", 'first="-"', None, "?sort=-name", id="unsorted: falls first where asked"),
        pytest.param("sort=name", "", "ascending", "?sort=-name", id="rising: falls next"),
        pytest.param("sort=-name", "", "descending", "?sort=name", id="falling: rises next"),
        pytest.param("", 'default="-name" first="-"', "descending", "?sort=name", id="the list's own order"),
        pytest.param("sort=other&after=x", "", None, "?sort=name", id="sorted by another, on a later page"),
    ],
)
def test_a_column_head_says_and_changes_the_order(query, options, direction, target):
    html = render("{% sort_header 'name' 'Name' " + options + " %}", query)
    assert (f'aria-sort="{direction}"' in html) if direction else ("aria-sort" not in html)
    assert f'href="/things/{target}"' in html


def test_a_severity_is_a_shape_a_letter_and_a_word():
    for severity in SEVERITIES:
        html = render('{% include "ui/_severity.html" with severity=s only %}', s=severity.upper())
        assert f'data-severity="{severity}"' in html
        assert f"#s-{severity}" in html
        assert f">{severity.capitalize()}<" in html


def test_a_bar_says_its_numbers_and_links_them():
    html = render(
        "{% severity_bar counts legend=True urls=urls %}", counts={"high": 3, "low": 1200}, urls={"high": "/h"}
    )
    assert 'aria-label="3 high, 1,200 low"' in html
    assert '<a href="/h"><b>3</b> high</a>' in html
    assert "<b>1,200</b> low" in html
    assert "<b>10,000+</b> low" in render("{% severity_bar counts legend=True %}", counts={"low": 10_001})
    assert 'aria-label="10,000+ low"' in render("{% severity_bar counts %}", counts={"low": 10_001})
    assert 'aria-label="none"' in render("{% severity_bar counts %}", counts={})


def test_code_of_strangers_is_escaped_numbered_and_has_nothing_invisible():
    html = render('{% include "ui/_code.html" with start=7 mark=8 path="a.py" %}', text="<b>\n\u202ex\n")
    assert '<span class="line" data-line="7">&lt;b&gt;\n</span>' in html
    assert '<span class="line" data-line="8" data-mark><span class="control-character">U+202E</span>x\n</span>' in html


def test_an_empty_list_says_which_of_three_it_is():
    for kind in ("nothing", "filtered", "clean"):
        html = render('{% include "ui/_empty.html" %}', kind=kind, at=NOW, now=NOW, action_url="/x")
        assert f'data-kind="{kind}"' in html
    assert "Clear filters" in render('{% include "ui/_empty.html" %}', kind="filtered", action_url="/x")


def test_pages_are_links_by_key():
    html = render('{% include "ui/_pager.html" with next="n" previous="p" %}', "q=a&after=old")
    assert 'href="/things/?q=a&amp;after=n"' in html
    assert 'href="/things/?q=a&amp;before=p"' in html
