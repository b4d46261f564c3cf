from django.db.models import QuerySet

from vallum_web.mail.models import Message


def newest(limit: int = 50) -> QuerySet[Message]:
    """The outbox, the last mail first. It belongs to no organization, so only the development inbox reads it."""
    return Message.objects.order_by("-written_at", "-id")[:limit]
