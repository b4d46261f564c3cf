"""What a crash between a file and its row leaves behind."""

from uuid import UUID

from vallum_web.ingest.models import Upload
from vallum_web.repositories.models import Repository
from vallum_web.tenancy import blobs
from vallum_web.tenancy.scope import scope


def blobs_without_a_row(org: UUID) -> int:
    """Delete the organization's blobs that no row has named within a day."""
    left = blobs.left(org)
    if not left:
        return 0
    with scope(org):
        named = {
            *Upload.objects.of(org).filter(blob__in=left).values_list("blob", flat=True),
            *Repository.objects.of(org).filter(archive__in=left).values_list("archive", flat=True),
        }
    gone = [blob for blob in left if blob not in named]
    for blob in gone:
        blobs.delete(org, blob)
    return len(gone)
