"""What Okta and Entra ID send, in the order and the spelling in which they send it."""

from mailing import mails
from providing import GROUP, PATCH, USER

from vallum_engine.secrets.samples import fill
from vallum_web.accounts.models import ScimGroup

ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"


def okta_user(**more):
    return {
        "schemas": [USER],
        "userName": "dana@example.test",
        "name": {"givenName": "Dana", "familyName": "Doe"},
        "emails": [{"primary": True, "value": "dana@example.test", "type": "work"}],
        "displayName": "Dana Doe",
        "locale": "en-US",
        "externalId": "00ujl29u0le5T6Aj10h7",
        "groups": [],
        "password": fill("{lower-alnum:8}"),
        "active": True,
        **more,
    }


def test_okta_makes_changes_and_ends_a_user(provider, row, members):
    """https://developer.okta.com/docs/api/openapi/okta-scim/guides/scim-20/: the calls of a sync."""
    asked = provider("GET", "/Users?filter=userName%20eq%20%22dana%40example.test%22&startIndex=1&count=100").json
    assert (asked["totalResults"], asked["Resources"]) == (0, [])

    made = provider("POST", "/Users", okta_user())
    assert made.status == 201
    key = made.json["id"]
    assert made.headers["Location"] == made.json["meta"]["location"] == f"http://127.0.0.1:8000/scim/v2/Users/{key}"
    assert "password" not in made.json
    assert "password" not in str(row(key).said)

    again = provider("POST", "/Users", okta_user())
    assert (again.status, again.json["scimType"]) == (409, "uniqueness")

    assert provider("GET", f"/Users/{key}").json == made.json
    put = provider("PUT", f"/Users/{key}", okta_user(displayName="Dana D.", id=key))
    assert (put.status, put.json["displayName"]) == (200, "Dana D.")

    off = provider.patch(f"/Users/{key}", {"op": "replace", "value": {"active": False}})
    assert (off.status, off.json["active"]) == (200, False)
    assert row(key).invitation is None
    on = provider.patch(f"/Users/{key}", {"op": "replace", "value": {"active": True}})
    assert on.json["active"] is True


def test_okta_pushes_a_group(provider, team, row, members):
    bob = provider.person("bob@example.test")["id"]
    made = provider("POST", "/Groups", {"schemas": [GROUP], "displayName": "Platform", "members": []})
    key = made.json["id"]
    assert made.status == 201

    put = provider(
        "PUT",
        f"/Groups/{key}",
        {"schemas": [GROUP], "id": key, "displayName": "Platform", "members": [{"value": bob, "display": "Bob"}]},
    )
    assert [member["value"] for member in put.json["members"]] == [bob]
    assert team(key) == ["bob@example.test"]

    renamed = provider.patch(f"/Groups/{key}", {"op": "replace", "value": {"id": key, "displayName": "Platform team"}})
    assert renamed.status == 204
    gone = provider.patch(f"/Groups/{key}", {"op": "remove", "path": f'members[value eq "{bob}"]'})
    assert gone.status == 204
    assert team(key) == []
    back = provider.patch(
        f"/Groups/{key}", {"op": "add", "path": "members", "value": [{"value": bob, "display": "bob"}]}
    )
    assert back.status == 204
    assert provider("GET", f"/Groups/{key}").json["displayName"] == "Platform team"
    assert team(key) == ["bob@example.test"]

    assert provider("DELETE", f"/Groups/{key}").status == 204
    assert row(key, ScimGroup) is None
    assert "bob@example.test" in members()


def entra_user(**more):
    return {
        "schemas": [USER, ENTERPRISE],
        "externalId": "0a21f0f2-8d2a-4f8e-bf98-7363c4aed4ef",
        "userName": "Test_User_ab6490ee-1e48-479e-a20b-2d77186b5dd1",
        "active": True,
        "emails": [{"primary": True, "type": "work", "value": "erin@example.test"}],
        "meta": {"resourceType": "User"},
        "name": {"formatted": "givenName familyName", "familyName": "familyName", "givenName": "givenName"},
        "roles": [],
        ENTERPRISE: {"department": "bob"},
        **more,
    }


def test_entra_makes_changes_and_ends_a_user(provider, row):
    """https://learn.microsoft.com/entra/identity/app-provisioning/use-scim-to-provision-users-and-groups."""
    made = provider("POST", "/Users", entra_user())
    assert made.status == 201
    key = made.json["id"]
    for search in (
        f'userName eq "{made.json["userName"]}"',
        'externalId eq "0a21f0f2-8d2a-4f8e-bf98-7363c4aed4ef"',
        'emails[type eq "work"].value eq "ERIN@example.test"',
        f'id eq "{key}"',
    ):
        found = provider("GET", f"/Users?filter={search}").json
        assert [each["id"] for each in found["Resources"]] == [key], search

    changed = provider.patch(
        f"/Users/{key}",
        {"op": "Replace", "path": 'emails[type eq "work"].value', "value": "erin2@example.test"},
        {"op": "Replace", "path": "name.familyName", "value": "updatedFamilyName"},
        {"op": "Add", "path": 'addresses[type eq "work"].formatted', "value": "Redmond"},
        {"op": "Add", "path": f"{ENTERPRISE}:department", "value": "Sales"},
    )
    assert changed.status == 200
    assert changed.json["emails"] == [{"value": "erin2@example.test", "type": "work", "primary": True}]
    assert changed.json["name"]["familyName"] == "updatedFamilyName"
    assert row(key).address == "erin2@example.test"

    before = provider.patch(
        f"/Users/{key}",
        {
            "op": "replace",
            "value": {
                "displayName": "Erin",
                "name.givenName": "Er",
                'emails[type eq "work"].value': "erin3@example.test",
                f"{ENTERPRISE}:department": "None",
            },
        },
    )
    assert (before.json["displayName"], before.json["name"]["givenName"]) == ("Erin", "Er")
    assert before.json["emails"][0]["value"] == "erin3@example.test"

    off = provider.patch(f"/Users/{key}", {"op": "Replace", "path": "active", "value": "False"})
    assert off.json["active"] is False
    assert row(key).active is False
    assert provider("DELETE", f"/Users/{key}").status == 204
    assert provider("GET", f"/Users/{key}").status == 404


def test_entra_adds_an_address_to_a_user_without_one(provider, row):
    key = provider("POST", "/Users", {"schemas": [USER], "userName": "nameless"}).json["id"]
    assert "No email address" in row(key).trouble
    added = provider.patch(
        f"/Users/{key}", {"op": "Add", "path": 'emails[type eq "work"].value', "value": "nameless@example.test"}
    )
    assert added.json["emails"] == [{"value": "nameless@example.test", "type": "work"}]
    assert (row(key).trouble, row(key).invitation.email) == ("", "nameless@example.test")
    assert len(mails(to="nameless@example.test")) == 1


def test_entra_changes_the_people_of_a_group(provider, team):
    bob, alice = (provider.person(f"{name}@example.test")["id"] for name in ("bob", "alice"))
    made = provider(
        "POST",
        "/Groups",
        {
            "schemas": [GROUP, "http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group"],
            "externalId": "8aa1a0c0-c4c3-4bc0-b4a5-2ef676900159",
            "displayName": "displayName",
            "meta": {"resourceType": "Group"},
        },
    )
    assert made.status == 201
    key = made.json["id"]
    asked = provider("GET", '/Groups?excludedAttributes=members&filter=displayName eq "DISPLAYNAME"').json
    assert [each["id"] for each in asked["Resources"]] == [key]

    added = provider.patch(
        f"/Groups/{key}", {"op": "Add", "path": "members", "value": [{"$ref": None, "value": bob}, {"value": alice}]}
    )
    assert added.status == 204
    assert team(key) == ["alice@example.test", "bob@example.test"]
    one = provider("GET", f'/Groups?filter=id eq "{key}" and members eq "{bob}"&attributes=id').json
    assert one["Resources"] == [{"schemas": [GROUP], "id": key}]

    removed = provider.patch(
        f"/Groups/{key}", {"op": "Remove", "path": "members", "value": [{"$ref": None, "value": bob}]}
    )
    assert removed.status == 204
    assert team(key) == ["alice@example.test"]
    assert provider.patch(f"/Groups/{key}", {"op": "Remove", "path": f'members[value eq "{alice}"]'}).status == 204
    assert team(key) == []
    assert provider.patch(f"/Groups/{key}", {"op": "Replace", "path": "displayName", "value": "New"}).status == 204
    assert provider("GET", f"/Groups/{key}?excludedAttributes=members").json["displayName"] == "New"


def test_a_patch_in_a_spelling_of_its_own_is_read(provider):
    key = provider.person("dana")["id"]
    sent = {"SCHEMAS": [PATCH], "OPERATIONS": [{"OP": "REPLACE", "Path": "DisplayName", "VALUE": "Dana"}]}
    assert provider("PATCH", f"/Users/{key}", sent).json["displayName"] == "Dana"
