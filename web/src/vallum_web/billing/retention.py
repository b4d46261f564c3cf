"""What of billing goes when."""

from vallum_web.billing.services import commands, inbox, leaving
from vallum_web.tenancy import clock
from vallum_web.tenancy.retention.rules import Class, Rule, declare

declare(
    Rule(
        id="billing-events",
        clause="PP-1.4c",
        says="That a payment provider told of something is known for 400 days, and nothing of what it told",
        classes=(Class(model="billing.BillingEventInbox", column="received_at", keeps=inbox.KEPT_FOR),),
        of_platform=inbox.prune,
    ),
    Rule(
        id="billing-graves",
        clause="PP-4c",
        says="That a customer was purged is known for 400 days, by a digest, and then forgotten as well",
        classes=(Class(model="billing.PurgedCustomer", column="at", keeps=inbox.KEPT_FOR),),
        of_platform=lambda: leaving.prune(clock.now() - inbox.KEPT_FOR),
    ),
    Rule(
        id="billing-commands",
        clause="PP-1.4c",
        says="What payment providers were asked for is kept for 400 days",
        classes=(Class(model="billing.BillingCommand", column="asked_at", keeps=commands.KEPT_FOR),),
        of_org=commands.prune,
    ),
)
