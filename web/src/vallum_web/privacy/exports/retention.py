"""What of copies goes when."""

from datetime import timedelta

from vallum_web.privacy.exports import queries, services
from vallum_web.privacy.exports.models import OrgExport, PersonExport
from vallum_web.tenancy.retention.rules import Class, Rule, declare


def _of_people() -> int:
    return sum(services.expire(PersonExport, person) for person in queries.with_exports())


declare(
    Rule(
        id="copies-of-people",
        clause="PP-6a",
        says="Copies of everything on a person go after 7 days",
        classes=(Class(model="privacy_exports.PersonExport", column="expires_at", keeps=timedelta()),),
        of_platform=_of_people,
    ),
    Rule(
        id="copies-of-organizations",
        clause="PP-6d",
        says="Copies of everything of an organization go after 7 days",
        classes=(Class(model="privacy_exports.OrgExport", column="expires_at", keeps=timedelta()),),
        of_org=lambda org: services.expire(OrgExport, org),
    ),
)
