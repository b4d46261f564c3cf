from django.db import models


class KnownPlace(models.Model):
    """An account was signed in to from a network: there, guesses of others do not keep its owner out.

    Only a keyed digest of both is kept: the table names nobody, and whoever has it cannot tell what it is about.
    """

    digest = models.BinaryField(primary_key=True, max_length=16)
    used_at = models.DateTimeField()

    def __str__(self) -> str:
        return bytes(self.digest).hex()
