"""The record: findings over time, where they were seen, and what people decided about them."""

from vallum_web.findings.models.bulks import Bulk
from vallum_web.findings.models.comments import Comment
from vallum_web.findings.models.decisions import Decision
from vallum_web.findings.models.due import DueRule
from vallum_web.findings.models.feeds import FeedMark
from vallum_web.findings.models.findings import Finding
from vallum_web.findings.models.history import Day
from vallum_web.findings.models.identities import Alias, Identity
from vallum_web.findings.models.occurrences import Occurrence
from vallum_web.findings.models.saved import View
from vallum_web.findings.models.searching import Words
from vallum_web.findings.models.seen import SeenOn
from vallum_web.findings.models.suppression import SuppressionRule
from vallum_web.findings.models.tallies import Tally

__all__ = [
    "Alias",
    "Bulk",
    "Comment",
    "Day",
    "Decision",
    "DueRule",
    "FeedMark",
    "Finding",
    "Identity",
    "Occurrence",
    "SeenOn",
    "SuppressionRule",
    "Tally",
    "View",
    "Words",
]
