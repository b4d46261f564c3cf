"""What a repository adds to an asset: where its code comes from."""

from typing import ClassVar

from django.db import models

from vallum_web.assets.models import Asset
from vallum_web.tenancy.clock import now
from vallum_web.tenancy.isolation import TenantForeignKey
from vallum_web.tenancy.keyring import SealedField
from vallum_web.tenancy.models import TenantModel


class Repository(TenantModel):
    """Code by URL, or the last archive somebody uploaded (then `url` is empty)."""

    asset = TenantForeignKey(Asset, models.CASCADE, related_name="+")
    url = models.CharField(max_length=500, blank=True)
    branch = models.CharField(max_length=200, blank=True)
    archive = models.UUIDField(null=True)
    """The blob of the uploaded archive."""
    archive_name = models.CharField(max_length=200, blank=True)
    folder = models.CharField(max_length=1000, blank=True)
    """A folder on this machine, which only the operator's own commands can set: a trusted source."""

    class Meta(TenantModel.Meta):
        constraints: ClassVar = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(fields=["org", "asset"], name="repository_asset_once"),
        ]

    def __str__(self) -> str:
        return self.url or self.archive_name or self.folder


class Credential(TenantModel):
    """What opens a private repository. The token is sealed, and leaves only for git; what may be shown is beside it."""

    repository = TenantForeignKey(Repository, models.CASCADE, related_name="credentials")
    user = models.CharField(max_length=100)
    token = SealedField("tokens of private repositories")
    digest = models.CharField(max_length=12)
    """Tells one token from another without saying anything of either: keyed, and cut short."""
    set_at = models.DateTimeField(default=now)
    used_at = models.DateTimeField(null=True)

    class Meta(TenantModel.Meta):
        constraints: ClassVar = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(fields=["org", "repository"], name="credential_repository_once"),
        ]

    def __str__(self) -> str:
        return f"token {self.digest}"
