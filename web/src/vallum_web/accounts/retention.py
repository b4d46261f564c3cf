"""What of people goes when."""

from vallum_web.accounts import services
from vallum_web.accounts import signins as kept
from vallum_web.accounts.services import addresses, invitations, places, signins
from vallum_web.tenancy.retention.rules import Class, Rule, declare

declare(
    Rule(
        id="sessions",
        clause="PP-5d",
        says="Sessions and confirmations go when their time is over",
        classes=(Class(model="sessions.Session", column="expire_date", keeps=services.OVER),),
        of_platform=services.prune,
    ),
    Rule(
        id="invitations",
        clause="PP-1.1d",
        says="Invitations are forgotten 30 days after they were accepted, withdrawn or over",
        classes=(Class(model="accounts.Invitation", column="expires_at", keeps=invitations.KEPT_FOR),),
        of_org=invitations.prune,
    ),
    Rule(
        id="sign-ins",
        clause="PP-1.3a",
        says="Sign-ins are kept for 90 days, their addresses for 30",
        classes=(
            Class(model="accounts.SignIn", column="at", keeps=kept.KEPT_FOR),
            Class(model="accounts.SignIn", column="at", keeps=signins.ADDRESS_KEPT_FOR, where="address <> ''"),
        ),
        of_platform=signins.prune,
    ),
    Rule(
        id="places",
        clause="PP-1.3a",
        says="From which network somebody signed in is known for 90 days after the last time",
        classes=(Class(model="accounts.KnownPlace", column="used_at", keeps=places.KEPT_FOR),),
        of_platform=places.prune,
    ),
    Rule(
        id="addresses",
        clause="PP-1.1a",
        says="Changes of an address are forgotten after 30 days",
        classes=(Class(model="accounts.EmailChange", column="asked_at", keeps=addresses.KEPT_FOR),),
        of_platform=addresses.prune,
    ),
)
