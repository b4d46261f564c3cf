"""The same notice at many doors at the same moment."""

from concurrent.futures import ThreadPoolExecutor

import making
import pytest
from billing_hooks import SECRET, stripe_event, stripe_signed
from django.db import connection, connections
from procrastinate.contrib.django.models import ProcrastinateJob

from vallum_web.billing.lock import held
from vallum_web.billing.models import BillingEventInbox
from vallum_web.billing.providers import signature
from vallum_web.billing.services import inbox
from vallum_web.billing.wire import NoAnswerError
from vallum_web.tenancy import clock, egress


def test_one_notice_fifty_times_in_eight_threads_is_one(live_database):
    notice = signature.stripe(stripe_event(), stripe_signed(stripe_event()), [SECRET], clock.now())

    def tell(_number):
        try:
            return inbox.receive("stripe", notice)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(tell, range(50))) == 1
    assert BillingEventInbox.objects.count() == 1
    assert ProcrastinateJob.objects.filter(task_name=inbox.FOLLOW).count() == 1


def test_an_account_is_held_while_calls_leave_and_whoever_waits_too_long_asks_again(live_database):
    org = making.people().org

    def ask():
        try:
            with connection.cursor() as cursor:
                cursor.execute("set lock_timeout = '100ms'")
            with held(org.pk, "stripe"):
                return True
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as pool:
        with held(org.pk, "stripe"):
            egress.ledger(org.pk)(making.departure("api.stripe.com", "payment by stripe"))
            with pytest.raises(NoAnswerError):
                pool.submit(ask).result()
        assert pool.submit(ask).result()
