from django.conf import settings
from django.contrib.auth.hashers import BCryptSHA256PasswordHasher


class Bcrypt(BCryptSHA256PasswordHasher):
    """bcrypt over SHA-256, at the cost of the settings: a hash of a lower one is made anew when its password is next right."""

    @property
    def rounds(self) -> int:  # type: ignore[override]  # a constant there
        return int(settings.BCRYPT_COST)


class LowCost(BCryptSHA256PasswordHasher):
    """The real algorithm at bcrypt's lowest cost, for tests alone: start-up never names it."""

    rounds = 4
