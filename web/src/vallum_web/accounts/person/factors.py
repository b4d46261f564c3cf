"""Second factors: how allauth's are kept here, and which name passkeys are bound to."""

from typing import Any
from uuid import UUID

import qrcode  # type: ignore[import-untyped]  # it ships no types
from allauth.core import context as present
from allauth.mfa.adapter import DefaultMFAAdapter
from django.conf import settings
from django.utils.html import format_html
from django.utils.safestring import SafeString

from vallum_web.accounts.models import User
from vallum_web.accounts.person import passkeys
from vallum_web.tenancy import keyring

SITE = "Vallum"
_QUIET = 4  # modules of white around a QR code, as its standard asks


class Adapter(DefaultMFAAdapter):  # type: ignore[misc]  # allauth ships no types
    def encrypt(self, text: str) -> str:
        person = _present_person()
        return keyring.seal_for(person, _place(person), text)

    def decrypt(self, encrypted_text: str) -> str:
        """Opens under the key of whoever signs in or is signed in: another person's secret in their row is refused."""
        person = _present_person()
        return keyring.unseal_for(person, _place(person), encrypted_text)

    def build_totp_svg(self, url: str) -> SafeString:
        return drawn(url)

    def generate_authenticator_name(self, user: User, type: str) -> str:  # noqa: A002, ARG002 - allauth's signature
        return "Passkey"

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        return {"id": passkeys.bound_to(settings.PUBLIC_URL), "name": SITE}


def drawn(text: str) -> SafeString:
    """A QR code as SVG. Black on white in every theme: cameras want it so."""
    code: Any = qrcode.QRCode(border=0)
    code.add_data(text)
    rows = code.get_matrix()
    dark = "".join(
        f"M{x + _QUIET} {y + _QUIET}h1v1h-1z" for y, row in enumerate(rows) for x, filled in enumerate(row) if filled
    )
    return format_html(
        '<svg class="qr" viewBox="0 0 {0} {0}" width="200" height="200" role="img" aria-label="QR code">'
        '<rect width="{0}" height="{0}" fill="#fff"/><path d="{1}" fill="#000"/></svg>',
        len(rows) + 2 * _QUIET,
        dark,
    )


def _place(person: UUID) -> str:
    return f"mfa.Authenticator.data:{person}"


def _present_person() -> UUID:
    """Who is signed in; between the password and the code it is who has given the password."""
    request = present.request
    user = request.user if request.user.is_authenticated else request._login_stage.login.user  # noqa: SLF001 - allauth's, and the one place it says so
    key: UUID = user.pk
    return key
