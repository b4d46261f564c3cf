"""Versions of what a provider made: its ETag, and the condition that a change may put to it."""

from collections.abc import Iterable
from dataclasses import dataclass

from scim2_models import PreconditionFailedException

from vallum_web.accounts.models import ScimGroup, ScimUser
from vallum_web.accounts.scim.mapping import etag
from vallum_web.tenancy import clock


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """The ETags of an If-Match field; none where there was no field."""

    tags: tuple[str, ...] = ()

    def check(self, version: int) -> None:
        """Weakly: what two versions say is compared, not their bytes. Raises PreconditionFailedException."""
        if self.tags and "*" not in self.tags and not same(self.tags, version):
            raise PreconditionFailedException(
                detail=f"This has changed since: its version is {etag(version)} now. Read it again first."
            )


def same(tags: Iterable[str], version: int) -> bool:
    """Whether one of the ETags is of this version, whether or not it was repeated as a weak one."""
    return etag(version).removeprefix("W/") in {tag.removeprefix("W/") for tag in tags}


def turned(row: ScimUser | ScimGroup) -> None:
    row.version += 1
    row.changed_at = clock.now()
