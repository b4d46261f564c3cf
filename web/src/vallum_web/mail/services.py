from vallum_web.mail.models import Message


def write(to: str, subject: str, text: str) -> Message:
    """Put a mail in the outbox, inside the caller's transaction."""
    return Message.objects.create(to=to, subject=" ".join(subject.split()), text=text)
