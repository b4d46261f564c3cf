"""What people say about a finding. Who did not write a comment cannot change it: for them there is none."""

from uuid import UUID

from vallum_web.findings.models import Comment, Finding
from vallum_web.tenancy import cards, clock
from vallum_web.tenancy.events import emit
from vallum_web.tenancy.models import Org
from vallum_web.tenancy.scope import scope


def comment(org: Org, finding: UUID, by: UUID, text: str) -> Comment:
    """The number of a payment card in it is masked before it is kept. Raises Finding.DoesNotExist."""
    text = cards.masked(text)
    with scope(org.pk, user=by):
        row = Finding.objects.of(org).get(pk=finding)
        said: Comment = Comment.objects.create(org=org, finding=row, by=by, text=text, made_at=clock.now())
        emit("finding.commented", row.pk, comment=str(said.pk))
        return said


def edit_comment(org: Org, finding: UUID, comment: UUID, by: UUID, *, text: str) -> Comment:
    """Write one's own anew, card numbers masked. Raises Comment.DoesNotExist."""
    text = cards.masked(text)
    with scope(org.pk, user=by):
        said = _own(org, finding, comment, by)
        if said.text != text:
            said.text, said.edited_at = text, clock.now()
            said.save(update_fields=["text", "edited_at"])
            emit("finding.comment_edited", finding, comment=str(said.pk))
        return said


def delete_comment(org: Org, finding: UUID, comment: UUID, by: UUID) -> Comment:
    """Take the text of one's own out of the record. Raises Comment.DoesNotExist."""
    with scope(org.pk, user=by):
        said = _own(org, finding, comment, by)
        said.text, said.deleted_at = "", clock.now()
        said.save(update_fields=["text", "deleted_at"])
        emit("finding.comment_deleted", finding, comment=str(said.pk))
        return said


def _own(org: Org, finding: UUID, comment: UUID, by: UUID) -> Comment:
    """Somebody's own that still stands, for nobody else to change meanwhile."""
    standing = Comment.objects.of(org).select_for_update().filter(finding=finding, by=by, deleted_at=None)
    found: Comment = standing.get(pk=comment)
    return found
