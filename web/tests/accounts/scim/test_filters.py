"""Filters: what the database answers is what the library says of each row, and a stranger's text is refused in words."""

from urllib.parse import quote
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from providing import GROUP, USER
from scim2_models import ScimFilter

from vallum_web.accounts.models import ScimUser
from vallum_web.accounts.scim import mapping, narrowing, queries, resources
from vallum_web.tenancy.keys import uuid7
from vallum_web.tenancy.scope import scope

NAMES = ["alice", "Alice", "ÅSA", "åsa", "a%b", "a_b", "back\\slash", 'quo"te', "İstanbul", "ß", "é", "é", "zoë@x.test"]
MADE = "2026-11-25T12:00:00Z"


def text():
    return st.sampled_from([*NAMES, "", "a", "x.test", "nobody"])


def operators(*names):
    return st.sampled_from(names)


STRINGS = ("eq", "ne", "co", "sw", "ew", "gt", "ge", "lt", "le")


def quoted(value):
    return ScimFilter.quote(value)


def terms(keys):
    compare = st.builds(
        lambda name, op, value: f"{name} {op} {quoted(value)}",
        st.sampled_from(["userName", "externalId", "displayName", "emails.value", "emails", "name.familyName"]),
        operators(*STRINGS),
        text(),
    )
    return st.one_of(
        compare,
        st.builds("{} eq {}".format, st.just("id"), st.sampled_from([quoted(key) for key in keys] + ['"x"', "null"])),
        st.builds("{} pr".format, st.sampled_from(["userName", "externalId", "emails", "name", "displayName", "id"])),
        st.builds("active {} {}".format, operators("eq", "ne"), st.sampled_from(["true", "false", "null"])),
        st.builds("externalId {} null".format, operators("eq", "ne")),
        st.builds("meta.created {} {}".format, operators("eq", "ne", "gt", "le"), st.just(quoted(MADE))),
        st.builds("meta.lastModified lt {}".format, st.sampled_from([quoted(MADE), '"2026-11-25T12:00:00"'])),
        st.builds(
            "emails[type eq {} and value {} {}]".format,
            st.sampled_from(['"work"', '"home"']),
            operators("eq", "ne", "co"),
            text().map(quoted),
        ),
        st.builds("emails[value eq {}]".format, text().map(quoted)),
    )


def filters(keys):
    return st.recursive(
        terms(keys),
        lambda inner: st.one_of(
            st.builds("({} and {})".format, inner, inner),
            st.builds("({} or {})".format, inner, inner),
            st.builds("not ({})".format, inner),
        ),
        max_leaves=6,
    )


@pytest.mark.slow
def test_the_database_and_the_library_agree(people):
    """Exact conditions give the same rows; others give them all and more. `externalId` keeps its case, names do not."""
    keys = []
    with scope(people.org.pk):
        for number, name in enumerate(NAMES):
            said = resources.User.model_validate(
                {
                    "userName": f"{name}{number % 3}",
                    "active": bool(number % 2),
                    "emails": [{"value": name, "type": "work"}] if number % 4 else None,
                    "displayName": name if number % 3 else None,
                    **({"externalId": name} if number % 2 else {}),
                }
            )
            blank = ScimUser(id=uuid7(), org=people.org, active=True, made_at=MADE, changed_at=MADE)
            for field, value in mapping.told(said, blank).items():
                setattr(blank, field, value)
            blank.save(force_insert=True)
            keys.append(str(blank.pk))
        rows = {row.pk: mapping.user(row) for row in ScimUser.objects.of(people.org)}

        @settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
        @given(filters(keys))
        def agree(written):
            search = ScimFilter[resources.User](written)
            where = narrowing.narrowed(search, queries.PEOPLE)
            by_database = set(ScimUser.objects.of(people.org).filter(where.where).values_list("pk", flat=True))
            by_library = {key for key, row in rows.items() if search.match(row)}
            assert by_library <= by_database
            if where.exact:
                assert by_library == by_database

        agree()


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ('userName eq "BOB@example.test"', ["bob"]),
        ('userName sw "b" and active eq true', ["bob"]),
        ('userName co "example" and not (userName sw "b")', ["alice", "dana"]),
        ('emails[type eq "work" and value co "ALICE"]', ["alice"]),
        ('emails.type eq "home"', []),
        ('name.familyName eq "doe" or displayName pr', ["dana"]),
        (
            'urn:ietf:params:scim:schemas:core:2.0:User:userName ew ".TEST" and (active ne false)',
            ["alice", "bob", "dana"],
        ),
        ('externalId eq "X1"', ["dana"]),
        ('externalId eq "x1"', []),
        ('meta.created gt "2020-01-01T00:00:00Z"', ["alice", "bob", "dana"]),
        ('meta.lastModified gt "2999-01-01T00:00:00Z"', []),
    ],
)
def test_what_a_filter_finds(search, found, provider):
    provider.person("alice@example.test")
    provider.person("bob@example.test")
    provider.person("dana@example.test", name={"familyName": "Doe"}, externalId="X1")
    names = [
        each["userName"].partition("@")[0]
        for each in provider("GET", f"/Users?filter={quote(search)}").json["Resources"]
    ]
    assert names == found


HOSTILE = {
    "no filter": "x",
    "open": 'userName eq "a',
    "no such attribute": 'nope eq "a"',
    "a number for a name": "userName eq 5",
    "order of a flag": "active gt true",
    "NUL": 'userName eq "\\u0000"',
    "half a character": 'userName eq "\\ud800"',
    "half a character in a list": 'emails[value eq "\\ud800"]',
    "NUL itself": 'userName eq "\x00"',
    "deep refusals": "not (" * 150 + 'userName eq "a"' + ")" * 150,
    "long": 'userName eq "' + "a" * 2000 + '"',
    "digits": "userName eq " + "9" * 900,
    "an infinite number": "userName eq 1e999",
    "SQL": 'userName eq "a" \') or 1=1 --',
    "another schema": 'urn:nowhere:1.0:X:userName eq "a"',
}


@pytest.mark.asvs("1.2.4", "2.2.1")
@pytest.mark.parametrize("search", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_filter_is_refused_in_words(search, provider):
    provider.person("bob@example.test")
    for answer in (
        provider("GET", f"/Users?filter={quote(search)}"),
        provider("POST", "/Users/.search", {"filter": search}),
        provider("GET", f"/Groups?filter={quote(search)}"),
    ):
        assert answer.status == 400
        assert answer.json["schemas"] == ["urn:ietf:params:scim:api:messages:2.0:Error"]
        assert answer.json["detail"]


def test_parentheses_within_reason_are_read(provider):
    provider.person("bob@example.test")
    search = "(" * 20 + 'userName sw "b"' + ")" * 20
    assert provider("GET", f"/Users?filter={quote(search)}").json["totalResults"] == 1


def test_a_filter_that_would_read_everybody_is_refused_where_there_are_too_many(provider, monkeypatch):
    monkeypatch.setattr(queries, "MOST_MATCHED", 2)
    for name in ("a", "b", "c"):
        provider("POST", "/Users", {"schemas": [USER], "userName": name})
    many = provider("GET", "/Users?filter=displayName%20pr")
    assert (many.status, many.json["scimType"]) == (400, "tooMany")
    assert provider("GET", "/Users?filter=displayName%20pr%20and%20userName%20eq%20%22a%22").status == 200


def test_groups_are_found(provider):
    bob, alice = (provider.person(f"{name}@example.test")["id"] for name in ("bob", "alice"))
    for name, inside in (("Ops", [bob]), ("Platform", [bob, alice]), ("Empty", [])):
        members = [{"value": key} for key in inside]
        provider("POST", "/Groups", {"schemas": [GROUP], "displayName": name, "externalId": name, "members": members})

    def names(search):
        return [
            each["displayName"]
            for each in provider("GET", f"/Groups?sortBy=displayName&filter={quote(search)}").json["Resources"]
        ]

    assert names('displayName eq "OPS"') == ["Ops"]
    assert names('displayName gt "f"') == ["Ops", "Platform"]
    assert names(f'members.value eq "{bob}"') == ["Ops", "Platform"]
    assert names(f'members[value eq "{alice}"]') == ["Platform"]
    assert names(f'not (members eq "{bob}")') == ["Empty"]
    assert names(f'members eq "{UUID(int=7)}" or externalId eq "Empty"') == ["Empty"]
    assert names('members eq "no id"') == []
    refused = provider("GET", "/Groups?filter=" + quote('members[type eq "User"]'))
    assert (refused.status, refused.json["scimType"]) == (400, "invalidFilter")


def test_pages_and_orders(provider):
    for name in ("cleo", "Anna", "bert"):
        provider("POST", "/Users", {"schemas": [USER], "userName": name, "displayName": name[::-1]})

    def page(search):
        answer = provider("GET", f"/Users?{search}").json
        return [each["userName"] for each in answer["Resources"]], answer["totalResults"], answer["itemsPerPage"]

    assert page("sortBy=userName") == (["Anna", "bert", "cleo"], 3, 3)
    assert page("sortBy=userName&sortOrder=descending&count=1") == (["cleo"], 3, 1)
    assert page("sortBy=displayName&count=2&startIndex=2") == (["cleo", "bert"], 3, 2)
    assert page("startIndex=3&count=50") == (["bert"], 3, 1)
    assert page("startIndex=4") == ([], 3, 0)
    assert page("count=0") == ([], 3, 0)
    assert page("startIndex=-7&count=-1") == ([], 3, 0)
    assert page("startIndex=99999999999999999999") == ([], 3, 0)
    assert page("count=99999999999999999999")[1] == 3
    assert provider("GET", "/Users?cursor=").json["scimType"] == "invalidCursor"


def test_a_page_has_at_most_two_hundred(provider, people):
    with scope(people.org.pk):
        ScimUser.objects.bulk_create(
            ScimUser(org=people.org, user_name=f"u{n}", user_name_key=f"u{n}") for n in range(203)
        )
    page = provider("GET", "/Users?count=1000").json
    assert (page["totalResults"], page["itemsPerPage"], len(page["Resources"])) == (203, 200, 200)
    assert provider("GET", "/Users?startIndex=201").json["itemsPerPage"] == 3


def test_attributes_are_chosen(provider):
    key = provider.person("bob@example.test", displayName="Bob")["id"]
    only = provider("GET", f"/Users/{key}?attributes=userName,emails.type").json
    assert only == {"schemas": [USER], "id": key, "userName": "bob@example.test", "emails": [{"type": "work"}]}
    but = provider("GET", f"/Users/{key}?excludedAttributes=emails,meta,id").json
    assert sorted(but) == ["active", "displayName", "id", "schemas", "userName"]
    both = provider("GET", f"/Users/{key}?attributes=id&excludedAttributes=meta")
    assert both.status == 400
    made = provider("POST", "/Users?attributes=id", {"schemas": [USER], "userName": "x"}).json
    assert sorted(made) == ["id", "schemas"]
    searched = provider("POST", "/Users/.search", {"attributes": ["userName"], "filter": 'userName sw "bob"'}).json
    assert searched["Resources"] == [{"schemas": [USER], "id": key, "userName": "bob@example.test"}]
