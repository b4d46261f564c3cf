"""What people say about a finding, over the API. A token speaks for who made it."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from django.http import Http404
from ninja import Query, Schema, Status
from pydantic import AfterValidator, ConfigDict, StringConstraints

from vallum_web.accounts.access import TenantRouter, TokenRequest, permits
from vallum_web.findings import prose, queries, services
from vallum_web.findings.models import Comment, Finding
from vallum_web.tenancy.parameters import After
from vallum_web.tenancy.texts import storable

router = TenantRouter(tags=["findings"], holds=Comment)


class CommentIn(Schema):
    model_config = ConfigDict(extra="forbid")

    text: Annotated[
        str,
        StringConstraints(strip_whitespace=True, min_length=1, max_length=prose.LONGEST),
        AfterValidator(storable),
    ]
    """Markdown."""


class CommentOut(Schema):
    id: UUID
    by: UUID
    """A person's id; of a token, who made it."""
    text: str
    """Markdown as it was written; empty when its writer has deleted it."""
    html: str
    """The same, safe to show."""
    made_at: datetime
    edited_at: datetime | None
    deleted_at: datetime | None


class CommentPage(Schema):
    items: list[CommentOut]
    after: str
    """Give it as `after` for the next page; empty on the last."""


@router.get("/{finding_id}/comments", response=CommentPage, summary="What is said of a finding, the newest first")
@permits("findings.read")
def comments_list(request: TokenRequest, finding_id: UUID, place: Query[After]) -> CommentPage:
    try:
        page = queries.comments(request.auth.org, finding_id, after=place.after)
    except Finding.DoesNotExist:
        raise Http404 from None
    return CommentPage(items=[_out(row) for row in page.rows], after=page.next or "")


@router.post("/{finding_id}/comments", response={201: CommentOut}, summary="Comment on a finding, in Markdown")
@permits("findings.comment")
def comment_make(request: TokenRequest, finding_id: UUID, body: CommentIn) -> Status[CommentOut]:
    try:
        return Status(201, _out(services.comment(request.auth.org, finding_id, request.auth.by, body.text)))
    except Finding.DoesNotExist:
        raise Http404 from None


@router.get("/{finding_id}/comments/{comment_id}", response=CommentOut, summary="One comment")
@permits("findings.read")
def comment_get(request: TokenRequest, finding_id: UUID, comment_id: UUID) -> CommentOut:
    try:
        return _out(queries.one_comment(request.auth.org, finding_id, comment_id))
    except Comment.DoesNotExist:
        raise Http404 from None


@router.patch("/{finding_id}/comments/{comment_id}", response=CommentOut, summary="Write one's own comment anew")
@permits("findings.comment")
def comment_change(request: TokenRequest, finding_id: UUID, comment_id: UUID, body: CommentIn) -> CommentOut:
    try:
        said = services.edit_comment(request.auth.org, finding_id, comment_id, request.auth.by, text=body.text)
    except Comment.DoesNotExist:
        raise Http404 from None
    return _out(said)


@router.delete("/{finding_id}/comments/{comment_id}", response={204: None}, summary="Delete one's own comment")
@permits("findings.comment")
def comment_delete(request: TokenRequest, finding_id: UUID, comment_id: UUID) -> Status[None]:
    try:
        services.delete_comment(request.auth.org, finding_id, comment_id, request.auth.by)
    except Comment.DoesNotExist:
        raise Http404 from None
    return Status(204, None)


def _out(row: Comment) -> CommentOut:
    values = {name: getattr(row, name) for name in ("by", "text", "made_at", "edited_at", "deleted_at")}
    return CommentOut(id=row.pk, html=prose.html(row.text), **values)
