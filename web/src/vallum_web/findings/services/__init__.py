"""Every write to the record, by what it does."""

from vallum_web.findings.services.bulk import begin_bulk, fail_bulk, pick_up_bulks, run_bulk, undo_bulk
from vallum_web.findings.services.check import NotCheckableError, check, check_what_came_back
from vallum_web.findings.services.comments import comment, delete_comment, edit_comment
from vallum_web.findings.services.decide import NotAMemberError, Why, assign, expire_decisions, lift, suppress
from vallum_web.findings.services.digest import digest, fingerprint_key
from vallum_web.findings.services.history import measure
from vallum_web.findings.services.identities import hold_asset, split
from vallum_web.findings.services.saved import ViewRefusedError, delete_shared_view, delete_view, save_view
from vallum_web.findings.services.suppression import RuleRefusedError, lift_rule, make_rule
from vallum_web.findings.services.upkeep import settle
from vallum_web.findings.services.weigh import follow_feeds, set_due_rules, weigh_asset, weigh_everything

__all__ = [
    "NotAMemberError",
    "NotCheckableError",
    "RuleRefusedError",
    "ViewRefusedError",
    "Why",
    "assign",
    "begin_bulk",
    "check",
    "check_what_came_back",
    "comment",
    "delete_comment",
    "delete_shared_view",
    "delete_view",
    "digest",
    "edit_comment",
    "expire_decisions",
    "fail_bulk",
    "fingerprint_key",
    "follow_feeds",
    "hold_asset",
    "lift",
    "lift_rule",
    "make_rule",
    "measure",
    "pick_up_bulks",
    "run_bulk",
    "save_view",
    "set_due_rules",
    "settle",
    "split",
    "suppress",
    "undo_bulk",
    "weigh_asset",
    "weigh_everything",
]
