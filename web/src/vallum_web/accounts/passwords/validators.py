"""What a new password has to pass, beside Django's own: named in the settings, asked by every form and command."""

import logging
from pathlib import Path

from django.conf import settings
from django.contrib.auth.password_validation import CommonPasswordValidator
from django.core.exceptions import ValidationError

from vallum_web.accounts import queries
from vallum_web.accounts.models import User
from vallum_web.accounts.passwords import breached, context, familiar

log = logging.getLogger(__name__)
LONGEST = 1024
"""Characters. All of them count: nothing is cut off, and nothing longer is hashed."""


class LongestValidator:
    def validate(self, password: str, user: object = None) -> None:  # noqa: ARG002 - Django's signature
        refuse_too_long(password)

    def get_help_text(self) -> str:
        return f"At most {LONGEST:,} characters, all of which count."


def refuse_too_long(password: str) -> None:
    """Raises ValidationError. Also asked where a password is only compared, so that a flood of text costs no hash."""
    if len(password) > LONGEST:
        raise ValidationError(
            f"This password has {len(password):,} characters; at most {LONGEST:,} are taken.", code="password_too_long"
        )


class FamiliarValidator(CommonPasswordValidator):
    """Django's list of common passwords, also where a little was added to one of them."""

    def validate(self, password: str, user: object = None) -> None:  # noqa: ARG002 - Django's signature
        if familiar.is_familiar(password, self.passwords):
            raise ValidationError(
                "This is a common password, or one with a little added: guessers try it first. Choose another, such as "
                "several words that have nothing to do with each other.",
                code="password_too_common",
            )


class ContextValidator:
    """No word that a guesser would take from the person's own surroundings (`context.py` says which)."""

    def validate(self, password: str, user: object = None) -> None:
        word = context.within(password, context.words(_surroundings(user)))
        if word is not None:
            raise ValidationError(
                f"This password holds “{word}”, which whoever knows you would try. Leave names and addresses out of it.",
                code="password_in_context",
            )

    def get_help_text(self) -> str:
        return "Not the product's name, your organization's, or parts of your own name and address."


def _surroundings(user: object) -> list[str]:
    if not isinstance(user, User):
        return []
    mine = queries.my_orgs(user) if not user._state.adding else []  # noqa: SLF001 - Django documents it under this name
    return [user.email, user.name, *(text for org in mine for text in (org.name, org.slug))]


class BreachedValidator:
    """Not in the set that the operator imported (`vallum-web passwords import`); without one, anything passes."""

    def validate(self, password: str, user: object = None) -> None:  # noqa: ARG002 - Django's signature
        try:
            known = breached.contains(Path(settings.BREACHED_PASSWORDS), password)
        except FileNotFoundError:
            return
        except (OSError, breached.BrokenSetError):
            log.exception("New passwords are refused, because they cannot be looked up among the breached ones")
            raise ValidationError(
                "New passwords cannot be checked at present. Tell whoever runs this installation; its log says why.",
                code="password_unchecked",
            ) from None
        if known:
            raise ValidationError(
                "This password was found in a breach of some service: guessers have it. Choose another.",
                code="password_breached",
            )

    def get_help_text(self) -> str:
        return "Not one that became public in a breach."
