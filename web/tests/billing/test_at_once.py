"""The same notice at many doors at the same moment."""

from concurrent.futures import ThreadPoolExecutor

from billing_hooks import SECRET, stripe_event, stripe_signed
from django.db import connections
from procrastinate.contrib.django.models import ProcrastinateJob

from vallum_web.billing.models import BillingEventInbox
from vallum_web.billing.providers import signature
from vallum_web.billing.services import inbox
from vallum_web.tenancy import clock


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
