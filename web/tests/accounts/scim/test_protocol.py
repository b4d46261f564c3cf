"""The protocol around the people: who is let in, versions, discovery, refusals, and bodies of strangers."""

import json
from datetime import timedelta
from uuid import UUID, uuid4

import making
import pytest
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from providing import GROUP, PATCH, USER, provisioner

from vallum_web.accounts import services, tokens
from vallum_web.accounts.matrix import Role
from vallum_web.accounts.models import ApiToken, Provisioning, ScimGroup, ScimUser
from vallum_web.tenancy import clock
from vallum_web.tenancy.scope import scope

ERROR = "urn:ietf:params:scim:api:messages:2.0:Error"


@pytest.mark.asvs("8.2.1", "8.3.1")
@pytest.mark.parametrize("role", list(Role))
def test_whose_role_may_manage_provisioning_has_tokens_that_may(role, people):
    dana = making.person("dana@example.test")
    services.join(people.org, dana, role)
    provider, _ = provisioner(people.org, dana, role=Role.OWNER)
    answer = provider("GET", "/Users")
    assert answer.status == (200 if role in {Role.OWNER, Role.ADMIN} else 403)


@pytest.mark.asvs("8.2.1")
def test_only_a_live_token_of_its_kind_comes_in(people):
    provider, token = provisioner(people.org, people.alice)
    assert provider("GET", "/Users").status == 200
    _, text = tokens.make(people.org, people.alice, tokens.Wanted(name="ci", role="owner", scopes=["scim.manage"]))
    other = Client(headers={"Authorization": f"Bearer {text}"})
    assert other.get("/scim/v2/Users").status_code == 401
    here = Client(headers={"Authorization": f"Bearer {provider.text}"})
    assert here.get("/api/v1/assets").status_code == 401
    assert here.get("/acme/settings/").status_code == 302
    old, expired = provisioner(people.org, people.alice)
    with scope(people.org.pk):
        ApiToken.objects.of(people.org).filter(pk=expired.pk).update(expires_at=clock.now() - timedelta(seconds=1))
    assert old("GET", "/Users").status == 401
    tokens.revoke(token)
    refused = provider("GET", "/Users")
    assert (refused.status, refused.headers["WWW-Authenticate"]) == (401, 'Bearer realm="provisioning"')


def test_a_token_is_good_from_its_networks_alone(people):
    provider, _ = provisioner(people.org, people.alice, networks=["192.0.2.0/24"])
    assert provider("GET", "/Users").status == 401


def test_a_browsers_session_opens_nothing_here(people, signed_in):
    assert signed_in(people.alice).get("/scim/v2/Users").status_code == 401


@pytest.mark.asvs("8.2.2", "8.4.1")
def test_another_organizations_objects_are_missing(provider, theirs, people):
    person = provider.person("bob@example.test")["id"]
    group = provider("POST", "/Groups", {"schemas": [GROUP], "displayName": "Ops"}).json["id"]
    nobody = uuid4()
    for kind, key in (("Users", person), ("Groups", group)):
        change = {"schemas": [PATCH], "Operations": [{"op": "replace", "path": "displayName", "value": "Theirs"}]}
        whole = {"schemas": [USER], "userName": "x", "displayName": "x"}
        for method, body in (("GET", None), ("PATCH", change), ("PUT", whole), ("DELETE", None)):
            real, missing = (theirs(method, f"/{kind}/{each}", body) for each in (key, nobody))
            assert (real.status, real.raw, sorted(real.headers.items())) == (
                404,
                missing.raw,
                sorted(missing.headers.items()),
            )
        assert theirs("GET", f'/{kind}?filter=id eq "{key}"').json["totalResults"] == 0
        assert theirs("GET", f"/{kind}").json["totalResults"] == 0
    mine = theirs("POST", "/Groups", {"schemas": [GROUP], "displayName": "Mine"}).json["id"]
    add = {"op": "add", "path": "members"}
    real, missing = (theirs.patch(f"/Groups/{mine}", {**add, "value": [{"value": str(x)}]}) for x in (person, nobody))
    assert (real.status, real.raw) == (400, missing.raw)
    # The same names are free to both.
    assert theirs("POST", "/Users", {"schemas": [USER], "userName": "bob@example.test"}).status == 201
    assert theirs("POST", "/Groups", {"schemas": [GROUP], "displayName": "Ops"}).status == 201
    with scope(people.org.pk):
        assert ScimUser.objects.of(people.org).get().version == 1
        assert ScimGroup.objects.of(people.org).get().team.name == "Ops"


def test_versions(provider):
    made = provider("POST", "/Users", {"schemas": [USER], "userName": "a"})
    path, tag = f"/Users/{made.json['id']}", made.headers["ETag"]
    assert (tag, made.json["meta"]["version"]) == ('W/"1"', 'W/"1"')
    assert provider("GET", path, If_None_Match=tag).status == 304
    name = {"op": "replace", "path": "displayName", "value": "A"}
    changed = provider.patch(path, name, If_Match=tag)
    assert (changed.status, changed.headers["ETag"]) == (200, 'W/"2"')
    assert provider.patch(path, name).headers["ETag"] == 'W/"2"', "nothing differs, so nothing is written"
    for answer in (
        provider.patch(path, name, If_Match=tag),
        provider("PUT", path, {"schemas": [USER], "userName": "b"}, If_Match=tag),
        provider("DELETE", path, If_Match=tag),
    ):
        assert (answer.status, "version is" in answer.json["detail"]) == (412, True)
    assert provider("GET", path, If_None_Match=tag).status == 200
    assert provider("PUT", path, {"schemas": [USER], "userName": "b"}, If_Match="*").status == 200
    assert provider("DELETE", path, If_Match='W/"1", "3"').status == 204

    group = provider("POST", "/Groups", {"schemas": [GROUP], "displayName": "G"})
    path = f"/Groups/{group.json['id']}"
    assert provider.patch(path, {"op": "add", "path": "externalId", "value": "7"}).headers["ETag"] == 'W/"2"'
    assert provider.patch(path, name, If_Match='W/"1"').status == 412
    shown = provider("PATCH", f"{path}?attributes=displayName", {"schemas": [PATCH], "Operations": [name]})
    assert (shown.status, shown.json["displayName"]) == (200, "A")


def test_what_the_service_says_of_itself(provider):
    said = provider("GET", "/ServiceProviderConfig").json
    assert (said["patch"]["supported"], said["bulk"]["supported"], said["filter"]["maxResults"]) == (True, False, 200)
    kinds = provider("GET", "/ResourceTypes").json
    assert [(each["id"], each["endpoint"]) for each in kinds["Resources"]] == [("User", "/Users"), ("Group", "/Groups")]
    user = provider("GET", f"/Schemas/{USER.upper()}").json
    assert [each["name"] for each in user["attributes"]] == [
        "userName", "name", "displayName", "active", "emails", "roles", "entitlements",
    ]  # fmt: skip
    assert provider("GET", "/Schemas/nowhere").status == 404
    assert provider("GET", '/Schemas?filter=id eq "x"').status == 403


@pytest.mark.asvs("4.1.1")
@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("POST", "/Bulk", 501),
        ("GET", "/Me", 501),
        ("POST", "/.search", 501),
        ("GET", "/nowhere", 404),
        ("GET", "/", 404),
        ("GET", "/Users/", 404),
        ("GET", "/Users/7", 404),
        ("GET", f"/Users/{UUID(int=7)}/x", 404),
        ("DELETE", "/Users", 405),
        ("POST", f"/Users/{UUID(int=7)}", 405),
        ("PUT", "/ServiceProviderConfig", 405),
    ],
)
def test_what_is_not_there_says_so_in_scims_form(method, path, status, provider):
    answer = provider(method, path, {} if method in {"POST", "PUT"} else None)
    assert answer.status == status
    assert answer.json["schemas"] == [ERROR]
    assert answer.json["status"] == str(status)
    assert ("Allow" in answer.headers) == (status == 405)


DEEP = json.dumps({"schemas": [USER], "userName": "a"})[:-1] + ',"x":'
BODIES = {
    "nothing": b"",
    "no JSON": b"{",
    "a list": b"[]",
    "a text": b'"x"',
    "NaN": b'{"userName": NaN}',
    "infinity": b'{"userName": -Infinity}',
    "5,000 digits": b'{"userName": "a", "x": ' + b"9" * 5000 + b"}",
    "21 digits": b'{"userName": "a", "x": ' + b"9" * 21 + b"}",
    "lists within lists": (DEEP + "[" * 100_000 + "]" * 100_000 + "}").encode(),
    "objects within objects": (DEEP + '{"a":' * 20 + "1" + "}" * 21).encode(),
    "half a character": json.dumps({"schemas": [USER], "userName": "\ud800"}).encode(),
    "NUL": json.dumps({"schemas": [USER], "userName": "a\0"}).encode(),
    "NUL in a key": json.dumps({"schemas": [USER], "userName": "a", "\0": 1}).encode(),
    "no UTF-8": b'{"userName": "\xff"}',
    "a long text": json.dumps({"schemas": [USER], "userName": "a" * 3000}).encode(),
    "many values": json.dumps({"schemas": [USER], "userName": "a", "emails": [1] * 40_000}).encode(),
    "no name": json.dumps({"schemas": [USER]}).encode(),
    "an empty name": json.dumps({"schemas": [USER], "userName": ""}).encode(),
    "a name of two lines": json.dumps({"schemas": [USER], "userName": "a\nb"}).encode(),
    "a name that turns": json.dumps({"schemas": [USER], "userName": "a\u202eb"}).encode(),
    "a long name": json.dumps({"schemas": [USER], "userName": "a" * 256}).encode(),
    "a number for a name": json.dumps({"schemas": [USER], "userName": 7}).encode(),
    "a list for a name": json.dumps({"schemas": [USER], "userName": ["a"]}).encode(),
    "51 addresses": json.dumps({"schemas": [USER], "userName": "a", "emails": [{"value": "a"}] * 51}).encode(),
    "two primary": json.dumps({"schemas": [USER], "userName": "a", "emails": [{"primary": True}] * 2}).encode(),
    "a long id": json.dumps({"schemas": [USER], "userName": "a", "externalId": "x" * 256}).encode(),
}


@pytest.mark.asvs("2.2.1", "2.2.2", "1.5.2")
@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_a_body_that_cannot_be_kept_is_refused_in_words(body, provider, people):
    answer = provider.client.post("/scim/v2/Users", body, content_type="application/scim+json")
    assert answer.status_code == 400, answer.content
    said = json.loads(answer.content)
    assert said["schemas"] == [ERROR]
    assert said["scimType"] in {"invalidSyntax", "invalidValue"}
    assert "pydantic" not in said["detail"]
    with scope(people.org.pk):
        assert not ScimUser.objects.of(people.org).exists()
        assert Provisioning.objects.of(people.org).get().refused


def test_a_body_beyond_the_limit_is_not_read(provider):
    answer = provider.client.post("/scim/v2/Users", b"x" * ((1 << 20) + 1), content_type="application/scim+json")
    assert answer.status_code == 413
    lying = provider.client.post(
        "/scim/v2/Users", b"{}", content_type="application/scim+json", headers={"Content-Length": "x"}
    )
    assert lying.status_code == 400


PATCHES = {
    "nothing": [],
    "no operation": [{}],
    "a number": [5],
    "no such operation": [{"op": "move", "path": "userName"}],
    "no path to remove": [{"op": "remove"}],
    "no value to add": [{"op": "add", "path": "displayName"}],
    "a broken path": [{"op": "replace", "path": "emails[type eq", "value": "x"}],
    "the id": [{"op": "replace", "path": "id", "value": "x"}],
    "the name away": [{"op": "remove", "path": "userName"}],
    "the name empty": [{"op": "replace", "path": "userName", "value": ""}],
    "the meta": [{"op": "replace", "path": "meta.version", "value": "x"}],
    "a text for a list": [{"op": "replace", "path": "emails", "value": "x"}],
    "a text for a resource": [{"op": "replace", "value": "x"}],
    "NUL in a path's filter": [{"op": "add", "path": 'emails[type eq "\\u0000"].value', "value": "x"}],
    "half a character there": [{"op": "add", "path": 'emails[type eq "\\ud800"].value', "value": "x"}],
    "a deep path": [{"op": "remove", "path": "emails[" + "not (" * 200 + "value pr" + ")" * 200 + "]"}],
}


@pytest.mark.asvs("2.2.1")
@pytest.mark.parametrize("operations", PATCHES.values(), ids=PATCHES)
def test_a_patch_that_cannot_be_is_refused_and_changes_nothing(operations, provider, row):
    made = provider.person("bob@example.test")
    refused = provider.patch(
        f"/Users/{made['id']}", {"op": "replace", "path": "displayName", "value": "half"}, *operations
    ) if operations else provider.patch(f"/Users/{made['id']}")  # fmt: skip
    assert refused.status == 400, refused.json
    assert refused.json["detail"]
    assert provider("GET", f"/Users/{made['id']}").json == made


WORDS = st.sampled_from(
    [
        "schemas", "userName", "active", "emails", "name", "displayName", "externalId", "members", "value", "type",
        "primary", "op", "path", "Operations", "add", "remove", "Replace", "$ref", "roles", "id", "meta", USER, GROUP,
        PATCH, 'emails[type eq "work"].value', "members[value pr]", "name.givenName", "True", "", "\0", "\u202e", "x@y.test",
    ]
)  # fmt: skip
VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-(2**80), 2**80), st.floats(), WORDS, st.text(max_size=8)),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(WORDS, inner, max_size=5)),
    max_leaves=20,
)
OPERATIONS = st.lists(
    st.fixed_dictionaries({"op": WORDS}, optional={"path": WORDS, "value": VALUES}), min_size=1, max_size=3
)


@pytest.mark.slow
@pytest.mark.asvs("2.2.1", "16.5.1")
def test_whatever_is_sent_nothing_breaks(provider):
    person = provider.person("bob@example.test")["id"]
    group = provider("POST", "/Groups", {"schemas": [GROUP], "displayName": "Ops"}).json["id"]
    paths = ["/Users", "/Users/.search", "/Groups", "/Groups/.search", f"/Users/{person}", f"/Groups/{group}", "/Bulk"]

    @settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.sampled_from(paths), st.sampled_from(["POST", "PUT", "PATCH"]), VALUES)
    def send(path, method, body):
        provider(method, path, body)

    @settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.sampled_from([f"/Users/{person}", f"/Groups/{group}"]), OPERATIONS)
    def change(path, operations):
        provider.patch(path, *operations)

    @settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
    @given(
        st.sampled_from(["Users", "Groups"]),
        st.dictionaries(
            st.sampled_from(
                ["filter", "sortBy", "attributes", "excludedAttributes", "startIndex", "count", "sortOrder"]
            ),
            st.one_of(WORDS, st.text(max_size=20), st.integers().map(str)),
        ),
    )
    def ask(kind, search):
        answer = provider.client.get(f"/scim/v2/{kind}", search)
        assert answer.status_code in {200, 400}

    send()
    change()
    ask()


def test_groups_in_groups_are_refused(provider):
    inner = provider("POST", "/Groups", {"schemas": [GROUP], "displayName": "Inner"}).json["id"]
    for member in ({"value": inner, "type": "Group"}, {"value": inner}, {"value": "x"}, {}):
        outer = provider("POST", "/Groups", {"schemas": [GROUP], "displayName": "Outer", "members": [member]})
        assert (outer.status, outer.json["scimType"]) == (400, "invalidValue")


def test_a_teams_name_is_one_teams(provider, people):
    with scope(people.org.pk):
        services.teams.make(people.org, people.alice.pk, "By hand")
    for name in ("by HAND", "Ops"):
        provider("POST", "/Groups", {"schemas": [GROUP], "displayName": "Ops"})
        twice = provider("POST", "/Groups", {"schemas": [GROUP], "displayName": name})
        assert (twice.status, twice.json["scimType"]) == (409, "uniqueness")
    assert provider("GET", '/Groups?filter=displayName eq "by hand"').json["totalResults"] == 0
    long = provider("POST", "/Groups", {"schemas": [GROUP], "displayName": "x" * 81})
    assert long.status == 400


def test_a_token_may_be_made_for_provisioning_alone(people):
    _, token = provisioner(people.org, people.alice)
    assert token.kind == ApiToken.Kind.SCIM
    assert token.start.startswith("vlm_scim_")
