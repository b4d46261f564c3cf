from datetime import timedelta

from vallum_web.mail.models import Message
from vallum_web.tenancy import clock

KEPT_FOR = timedelta(days=30)


def write(to: str, subject: str, text: str) -> Message:
    """Put a mail in the outbox, inside the caller's transaction."""
    return Message.objects.create(to=to, subject=" ".join(subject.split()), text=text)


def prune() -> int:
    """Delete mails past their 30 days."""
    return Message.objects.filter(written_at__lt=clock.now() - KEPT_FOR).delete()[0]
