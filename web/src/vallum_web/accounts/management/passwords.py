"""Passwords for accounts that are made on the command line."""

import getpass
import os
import secrets

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import CommandError


def generated() -> str:
    return secrets.token_urlsafe(18)


def asked() -> str:
    """From `VALLUM_PASSWORD`, else typed in; weak ones are refused."""
    password = os.environ.get("VALLUM_PASSWORD") or getpass.getpass("Password (12 characters or more): ")
    try:
        validate_password(password)
    except ValidationError as error:
        raise CommandError(" ".join(error.messages)) from error
    return password
