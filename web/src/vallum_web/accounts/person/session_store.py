"""Sessions in the database, sealed: what waits in one is readable in no backup and to no query.

A form that waits for a step-up may hold a token, and a code's secret waits here until it is confirmed.
"""

import base64
from functools import cache
from typing import Any

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.contrib.sessions.backends import db
from django.contrib.sessions.serializers import JSONSerializer
from django.utils.encoding import force_bytes


class SessionStore(db.SessionStore):
    def encode(self, session_dict: dict[str, Any]) -> str:
        return _seal(settings.SECRET_KEY).encrypt(JSONSerializer().dumps(session_dict)).decode()

    def decode(self, session_data: bytes | str) -> dict[str, Any]:
        """An empty session where it does not open: another key signs everybody out."""
        try:
            plain = _seal(settings.SECRET_KEY).decrypt(session_data)
        except InvalidToken:
            return {}
        found: dict[str, Any] = JSONSerializer().loads(plain)
        return found


@cache
def _seal(secret: str | bytes) -> Fernet:
    derived = HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=b"vallum sessions")
    return Fernet(base64.urlsafe_b64encode(derived.derive(force_bytes(secret))))
