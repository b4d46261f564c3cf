"""An organization's provider for tests: it speaks SCIM over the real door."""

import json
from types import SimpleNamespace

from django.test import Client

from vallum_web.accounts import tokens
from vallum_web.accounts.models import Membership

PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
USER = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"


class Provider:
    """A client that speaks SCIM; every answer is checked to be SCIM's as well."""

    def __init__(self, text):
        self.text = text
        self.client = Client(SERVER_NAME="127.0.0.1", headers={"Authorization": f"Bearer {text}"})

    def __call__(self, method, path, body=None, **headers):
        sent = {} if body is None else {"data": json.dumps(body), "content_type": "application/scim+json"}
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        answer = getattr(self.client, method.lower())(f"/scim/v2{path}", headers=named, **sent)
        if answer.content:
            assert answer.headers["Content-Type"] == "application/scim+json"
        assert answer.status_code < 500 or answer.status_code == 501, answer.content
        return SimpleNamespace(
            status=answer.status_code,
            headers=answer.headers,
            raw=answer.content,
            json=json.loads(answer.content) if answer.content else None,
        )

    def person(self, user_name, **more):
        """A user as Okta would make it; gives the answer's JSON."""
        email = user_name if "@" in user_name else f"{user_name}@example.test"
        body = {
            "schemas": [USER],
            "userName": user_name,
            "emails": [{"value": email, "type": "work", "primary": True}],
            "active": True,
            **more,
        }
        made = self("POST", "/Users", body)
        assert made.status == 201, made.json
        return made.json

    def patch(self, path, *operations, **headers):
        return self("PATCH", path, {"schemas": [PATCH], "Operations": list(operations)}, **headers)

    def found(self, kind, search):
        return self("GET", f"/{kind}?" + "&".join(search)).json


def provisioner(org, by, role=Membership.Role.OWNER, **more):
    wanted = tokens.Wanted(name="provider", role=role, kind="scim", scopes=["scim.manage"], **more)
    token, text = tokens.make(org, by, wanted)
    return Provider(text), token
