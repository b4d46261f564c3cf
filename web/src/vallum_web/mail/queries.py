from django.db.models import QuerySet

from vallum_web.mail.models import Message


def newest(limit: int = 50, *, to: str = "") -> QuerySet[Message]:
    """The outbox, the last mail first. It belongs to no organization: development inbox and operator's command read it."""
    mails = Message.objects.filter(to__iexact=to) if to else Message.objects.all()
    return mails.order_by("-written_at", "-id")[:limit]
