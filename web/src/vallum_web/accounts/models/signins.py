"""What happened to a person's own sign-in, for their own eyes."""

from typing import ClassVar

from django.db import models

from vallum_web.accounts.models.people import User
from vallum_web.tenancy.clock import now
from vallum_web.tenancy.keys import uuid7


class SignIn(models.Model):
    """A sign-in, one that failed, or a change to how somebody signs in. It belongs to the person and to no organization."""

    class Kind(models.TextChoices):
        PASSWORD = "password", "Signed in with the password"
        PASSKEY = "passkey", "Signed in with a passkey"
        SSO = "sso", "Signed in by single sign-on"
        SSO_FAILED = "sso_failed", "Single sign-on refused"
        FAILED = "failed", "Wrong password"
        MFA_FAILED = "mfa_failed", "Second step failed"
        SIGNED_OUT = "signed_out", "Signed out"
        PASSWORD_CHANGED = "password_changed", "Password changed"
        PASSWORD_RESET = "password_reset", "Password reset by mail"
        EMAIL_CHANGED = "email_changed", "E-mail address changed"
        EMAIL_REVERTED = "email_reverted", "Change of e-mail address taken back"
        MFA_ADDED = "mfa_added", "Second step added"
        MFA_REMOVED = "mfa_removed", "Second step removed"
        CODES_RENEWED = "codes_renewed", "Recovery codes made anew"
        SESSIONS_ENDED = "sessions_ended", "Other sessions ended"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(User, models.CASCADE, related_name="sign_ins")
    at = models.DateTimeField(default=now)
    kind = models.CharField(max_length=16, choices=Kind)
    second = models.CharField(max_length=20, blank=True)
    """What the second step was, where there was one."""
    address = models.CharField(max_length=45, blank=True)
    network = models.CharField(max_length=43, blank=True)
    """What stays of the address after 30 days."""
    device = models.CharField(max_length=120, blank=True)
    """In words, with the version of the browser."""
    family = models.CharField(max_length=120, blank=True)
    """The device without versions: it is the same one after an update."""
    known = models.BooleanField(default=False)
    """Whether the person had signed in from such a device in this network before."""

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["user", "-at"], name="sign_in_recent"),
            models.Index(fields=["at"], name="sign_in_age"),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} {self.kind}"
