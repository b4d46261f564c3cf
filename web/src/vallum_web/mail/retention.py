"""What of mails goes when."""

from vallum_web.mail import kinds, notices, services
from vallum_web.tenancy.retention.rules import Class, Rule, declare
from vallum_web.tenancy.scope import outbox

declare(
    Rule(
        id="mails",
        clause="PP-2c",
        says="What a mail said goes 7 days after it was delivered or dropped, 30 after it was written; that it was sent, after 12 months",
        classes=(
            Class(model="mail.Message", column="written_at", keeps=services.PROOF_KEPT_FOR, seen_in=outbox),
            Class(
                model="mail.Message",
                column="ended_at",
                keeps=services.CONTENT_KEPT_FOR,
                where="sealed <> '' and state <> 'unknown'",
                seen_in=outbox,
            ),
            Class(
                model="mail.Message",
                column="written_at",
                keeps=services.UNSENT_KEPT_FOR,
                where="sealed <> ''",
                seen_in=outbox,
            ),
        ),
        of_platform=services.prune,
    ),
    Rule(
        id="notices",
        clause="PP-2c",
        says="What was told on the site is kept for 90 days; what the law asks to be told, as long as the account",
        classes=(
            Class(
                model="mail.Notice",
                column="posted_at",
                keeps=notices.KEPT_FOR,
                where=f"kind not in ({', '.join(repr(kind) for kind in sorted(kinds.confirmed()))})",
                seen_in=outbox,
            ),
        ),
        of_platform=notices.prune,
    ),
)
