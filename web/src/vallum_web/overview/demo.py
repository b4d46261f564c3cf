"""A demo organization: one person, and two assets that are scanned like anybody's."""

import json
import secrets
from pathlib import Path

from allauth.account.models import EmailAddress
from django.conf import settings

from vallum_web.accounts import services as accounts
from vallum_web.accounts.legal.services import settle
from vallum_web.accounts.models import Acceptance, User
from vallum_web.assets.services import NameTakenError
from vallum_web.overview.shop import write_shop
from vallum_web.repositories import services as repositories
from vallum_web.scans import services as scans
from vallum_web.tenancy.lookups import slug_taken
from vallum_web.tenancy.models import Org
from vallum_web.tenancy.once import written_once
from vallum_web.tenancy.plans import ENTERPRISE

EMAIL = "demo@vallum.localhost"
SLUG = "demo"


class NotHereError(RuntimeError):
    """The demo's password lies in a file: it is for a machine that only its owner reaches."""


def seed(checkout: Path) -> str:
    """Make the demo once; returns a line for the log. Raises NotHereError where the platform is bound to a network."""
    if not settings.LOOPBACK:
        raise NotHereError("The demo runs on loopback addresses alone: start without --demo, and create an owner.")
    if slug_taken(SLUG):
        return "The demo is there already."
    login = _login()
    user = User.objects.filter(email=EMAIL).first() or User.objects.create_user(EMAIL, login["password"], name="Demo")
    EmailAddress.objects.get_or_create(user=user, email=EMAIL, defaults={"verified": True, "primary": True})
    settle(user, Acceptance.Method.DEMO)
    org = accounts.found("Demo", SLUG, user)
    accounts.set_plan(org, ENTERPRISE.id, None)  # what it shows has no end, whatever others begin with
    folder = Path(settings.HOME) / "demo" / "shop"
    write_shop(folder)
    _add(org, "demo/shop", folder)
    if (checkout / "engine" / "pyproject.toml").is_file():
        _add(org, checkout.resolve().name, checkout.resolve())
    return f"The demo organization is at /{SLUG}/."


def _add(org: Org, name: str, folder: Path) -> None:
    try:
        repository = repositories.add_folder(org, name=name, folder=folder)
    except NameTakenError:
        return
    scans.request(org, repository.asset_id, None)


def _login() -> dict[str, str]:
    """The demo's e-mail and password, random, in a file of the owner's alone."""
    login = {"email": EMAIL, "password": secrets.token_urlsafe(15), "url": settings.PUBLIC_URL}
    kept: dict[str, str] = json.loads(written_once(Path(settings.HOME) / "demo.json", json.dumps(login)))
    return kept
