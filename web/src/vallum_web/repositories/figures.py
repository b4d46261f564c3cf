"""Live figures about repositories; see tenancy/figures.py."""

from vallum_web.repositories.models import Repository
from vallum_web.tenancy import blobs
from vallum_web.tenancy.figures import figure, in_every_org


@figure("tokens-in-addresses", "PP-1.2a", words="addresses of repositories with a name or a token in them", at_most=0)
def tokens_in_addresses() -> float:
    return sum(in_every_org(lambda org: Repository.objects.of(org).filter(url__regex=r"^[a-z+]+://[^/]*@").count()))


@figure("plain-files", "PP-Q3", words="uploads, exports and copies that lie here unencrypted", at_most=0)
def plain_files() -> float:
    return sum(1 for _ in blobs.plain_ones())
