"""What of figures of use goes when."""

from vallum_web.accounts.usage import services
from vallum_web.tenancy.retention.rules import Class, Rule, declare

declare(
    Rule(
        id="use-of-people",
        clause="PP-1.3b",
        says="Which features a person used is known for 30 days, then only in totals that name nobody",
        classes=(
            Class(
                model="usage.PersonUse",
                column="day",
                # A day is over at its end, not at its beginning.
                keeps=services.OF_PEOPLE_KEPT_FOR + services.DAY,
            ),
        ),
        of_platform=services.prune_people,
    ),
    Rule(
        id="use-of-organizations",
        clause="PP-1.3b",
        says="How often an organization used what is counted by the hour, for 25 months",
        classes=(Class(model="usage.UsageCounter", column="hour", keeps=services.KEPT_FOR),),
        of_org=services.prune_org,
    ),
    Rule(
        id="use-in-total",
        clause="PP-7c",
        says="Totals of use that name no organization are kept for 25 months",
        classes=(
            Class(model="usage.OutsideCounter", column="hour", keeps=services.KEPT_FOR),
            Class(model="usage.CountedHour", column="hour", keeps=services.KEPT_FOR),
            Class(model="usage.DeviceCounter", column="day", keeps=services.KEPT_FOR + services.DAY),
            Class(model="usage.ScreenBucket", column="day", keeps=services.KEPT_FOR + services.DAY),
        ),
        of_platform=services.prune_totals,
    ),
)
