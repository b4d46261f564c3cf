"""The worklist's filters for machines: the same as the page's, said in the description, and refused where a page passes over."""

import json

import pytest
from django.http import QueryDict
from django.test import Client

from vallum_web.accounts import tokens
from vallum_web.config.api import api
from vallum_web.findings.filters import SORTS, Filters
from vallum_web.findings.models import Bulk, View
from vallum_web.findings.parameters import FindingsNarrowed
from vallum_web.tenancy.scope import scope

ASSET = "01890a5d-ac96-774b-bcce-b302099a8057"
# What some values stand only together with.
BESIDE = {"path": {"asset": [ASSET]}, "due": {"due": ["set"]}, "change": {"since": ["7d"]}}
DESCRIBED = {
    each["name"]: each["schema"]
    for each in api.get_openapi_schema()["paths"]["/api/v1/findings"]["get"]["parameters"]
    if each["in"] == "query" and each["name"] != "after"
}


class Noting(QueryDict):
    """Remembers what it was asked for."""

    def __init__(self):
        super().__init__("")
        self.asked = set()

    def get(self, key, default=None):
        self.asked.add(key)
        return super().get(key, default)

    def getlist(self, key, default=None):
        self.asked.add(key)
        return super().getlist(key, default)


def values(schema):
    items = schema.get("items", schema)
    return items.get("enum") or [items["const"]] if {"enum", "const"} & items.keys() else schema["examples"]


def one_each():
    for name, schema in DESCRIBED.items():
        for value in values(schema):
            yield pytest.param(name, value if isinstance(value, str) else value[0], id=f"{name}={value}")


def query(**given):
    made = QueryDict(mutable=True)
    for name, several in given.items():
        made.setlist(name, several)
    return made


def test_what_the_page_reads_is_what_the_description_says():
    noting = Noting()
    Filters.parse(noting)
    assert noting.asked == DESCRIBED.keys() == set(FindingsNarrowed.names())
    assert {value.removeprefix("-") for value in DESCRIBED["sort"]["enum"]} == set(SORTS)


@pytest.mark.parametrize(("name", "value"), list(one_each()))
def test_the_page_understands_every_value_that_is_described(name, value):
    beside = BESIDE.get(value.removeprefix("-") if name == "sort" else name, {}) if name in {"sort", "change"} else {}
    asked = query(**beside, **{name: [value]})
    FindingsNarrowed.read(asked)
    usual = (name, value) in {("status", "open"), ("sort", "-risk")}
    assert usual or (name, value) in Filters.parse(asked).pairs()


def test_every_address_of_the_page_is_taken():
    whole = (
        "status=any&severity=low&severity=high&kind=secret&confidence=low&rule=r&assignee=me&due=week&exploited=yes&q=a"
    )
    address = (
        f"{whole}&asset={ASSET}&team={ASSET}&fix={'a' * 32}&package=-&since=7d&change=reopened&group=fix&sort=path"
    )
    filters = Filters.parse(QueryDict(address))
    assert len(filters.pairs()) == len(address.split("&"))
    FindingsNarrowed.read(QueryDict(filters.query().removeprefix("?")))
    FindingsNarrowed.read(QueryDict("status=&severity=&asset=&q="))  # as a form sends what was left alone


@pytest.fixture
def machine(people):
    _, text = tokens.make(people.org, people.alice, tokens.Wanted(name="n", role="owner"))
    return Client(headers={"Authorization": f"Bearer {text}"})


@pytest.mark.parametrize(
    ("asked", "parameter", "said"),
    [
        pytest.param("severty=high", "severty", "severity, since, sort, status, team", id="a name that is none"),
        pytest.param(
            "severity=high&severity=dire", "severity", "'critical', 'high', 'medium'", id="a value that is none"
        ),
        pytest.param("status=gone", "status", "'open', 'suppressed', 'resolved' or 'any'", id="one of several"),
        pytest.param("asset=shop", "asset", "UUID", id="no id"),
        pytest.param("assignee=bob", "assignee", "me, nobody or a person's id", id="no person"),
        pytest.param("since=yesterday", "since", "24h, 7d, 30d", id="no moment"),
        pytest.param("change=resolved", "wanted", "say since when", id="a change without its moment"),
        pytest.param("q=" + "x" * 201, "q", "at most 200", id="too long"),
        pytest.param("sort=path", "wanted", "risk, severity, opened", id="an order that only one asset has"),
    ],
)
def test_what_is_not_understood_is_refused_by_name(machine, asked, parameter, said):
    answer = machine.get(f"/api/v1/findings?{asked}")
    assert answer.status_code == 422
    (wrong,) = answer.json()["detail"]
    assert parameter in wrong["loc"]
    assert said in wrong["msg"]


@pytest.mark.parametrize("wrong", ["severty=critical", "severity=dire", "sort=path"])
def test_nothing_is_done_to_what_a_misspelled_query_leaves(machine, people, wrong):
    for path, body in (
        ("bulk", {"query": wrong, "lift": True}),
        ("views", {"name": "n", "query": wrong}),
        ("exports", {"format": "csv", "query": wrong}),
    ):
        answer = machine.post(f"/api/v1/{path}", json.dumps(body), content_type="application/json")
        assert answer.status_code in {403, 422}, path
    with scope(people.org.pk):
        assert not Bulk.objects.of(people.org).exists()
        assert not View.objects.of(people.org).exists()


def test_every_operation_refuses_what_it_does_not_describe(machine):
    for path in ("assets", "scans", "exports", "gates", "audit", "views", "formats"):
        answer = machine.get(f"/api/v1/{path}?colour=red")
        assert answer.status_code in {403, 422}, path
        assert answer.status_code == 403 or answer.json()["detail"][0]["loc"] == ["query", "colour"]
