"""Writes about a person as such. No organization is told: none owns them."""

from vallum_web.accounts.models import User


def describe(user: User, *, name: str, theme: str) -> None:
    User.objects.filter(pk=user.pk).update(name=name, theme=theme)
