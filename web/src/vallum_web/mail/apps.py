from django.apps import AppConfig
from django.conf import settings

from vallum_web.mail import fitness


class MailConfig(AppConfig):
    name = "vallum_web.mail"
    label = "mail"

    def ready(self) -> None:
        """Nothing starts with settings by which mails would leave unwatched, or to the wrong place."""
        fitness.demand(
            fitness.Given(
                mail=settings.MAIL,
                rate=settings.MAIL_RATE,
                key=settings.RESEND_KEY,
                secret=settings.RESEND_WEBHOOK_SECRET,
                url=settings.RESEND_URL,
                relay=settings.SMTP_URL,
                sender=settings.DEFAULT_FROM_EMAIL,
                is_demo=settings.DEMO and settings.LOOPBACK,
            )
        )
