from django.contrib.auth.hashers import BCryptSHA256PasswordHasher


class LowCost(BCryptSHA256PasswordHasher):
    """The real algorithm at bcrypt's lowest cost, for tests alone: start-up never names it."""

    rounds = 4
