from allauth.account.models import EmailConfirmation
from django.contrib.sessions.backends.db import SessionStore

from vallum_web.tenancy.jobs import periodic_job


@periodic_job("accounts.prune", cron="13 * * * *")
def prune() -> None:
    """Forget sessions and confirmations that are over."""
    SessionStore.clear_expired()
    EmailConfirmation.objects.delete_expired_confirmations()
