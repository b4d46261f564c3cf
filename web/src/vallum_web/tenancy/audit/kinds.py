"""What the kinds of acts are called, and which are recorded although nobody did them. A kind without words fails the build."""

FAMILIES = {
    "asset": "Assets",
    "audit": "The audit log",
    "due": "Due dates",
    "export": "Exports",
    "finding": "Findings",
    "gate": "Gates",
    "key": "Keys",
    "limit": "Limits",
    "member": "Members",
    "org": "The organization",
    "repository": "Repositories",
    "scan": "Scans",
    "scim": "Provisioning",
    "sso": "Single sign-on",
    "staff": "Staff access",
    "suppression": "Suppression rules",
    "team": "Teams",
    "token": "Tokens",
    "upload": "Reports",
    "view": "Saved views",
}
"""The part of a kind before its full stop: what a list can be narrowed to."""

WORDS = {
    "asset.added": "Asset added",
    "asset.branch": "Default branch changed",
    "asset.changed": "Asset's importance or exposure changed",
    "asset.owned": "Asset given to a team, or taken from it",
    "audit.broken": "The audit log does not hold together",
    "audit.exported": "Audit log exported",
    "due.changed": "Rules of due dates changed",
    "finding.assigned": "Finding assigned",
    "finding.bulk": "One action on many findings",
    "export.deleted": "Export deleted",
    "export.downloaded": "Export downloaded",
    "export.failed": "Export failed",
    "export.finished": "Export written",
    "export.made": "Export asked for",
    "finding.comment_deleted": "Comment on a finding deleted",
    "finding.comment_edited": "Comment on a finding edited",
    "finding.commented": "Finding commented on",
    "finding.opened": "Finding opened",
    "finding.reopened": "Finding reopened",
    "finding.resolved": "Finding resolved",
    "finding.split": "Findings taken apart",
    "finding.suppressed": "Finding suppressed",
    "finding.unsuppressed": "Suppression taken back",
    "finding.verified": "Issuer of a found secret said something else than before",
    "gate.changed": "Gate changed",
    "gate.deleted": "Gate deleted",
    "gate.evaluated": "Gate asked",
    "gate.made": "Gate made",
    "key.rotated": "Keys rotated",
    "limit.restored": "Limit set back to its usual value",
    "limit.set": "Limit set",
    "member.invited": "Person invited",
    "member.joined": "Member joined",
    "member.removed": "Member removed",
    "member.role": "Member's role changed",
    "member.uninvited": "Invitation taken back",
    "org.founded": "Organization founded",
    "org.plan": "Plan changed",
    "org.two_step": "Two-step sign-in asked of members, or no longer",
    "org.renamed": "Organization renamed",
    "org.transferred": "Ownership handed over",
    "repository.replaced": "Archive of a repository replaced",
    "repository.token_removed": "Token of a private repository removed",
    "repository.token_set": "Token of a private repository given",
    "scan.digested": "Scan compared with the record",
    "scan.failed": "Scan failed",
    "scan.finished": "Scan finished",
    "scan.requested": "Scan requested",
    "scan.uploaded": "Scan's report uploaded",
    "scim.settled": "Provisioning's roles settled",
    "scim.user_changed": "Person changed by the provider",
    "scim.user_deleted": "Person deleted by the provider",
    "scim.user_linked": "Member tied to the provider's person",
    "scim.user_made": "Person made by the provider",
    "sso.bypassed": "Owner came in past single sign-on",
    "sso.domain_added": "Domain named",
    "sso.domain_lost": "Domain no longer proved",
    "sso.domain_removed": "Domain removed",
    "sso.domain_verified": "Domain proved",
    "sso.not_required": "Single sign-on no longer required",
    "sso.provider_added": "Identity provider added",
    "sso.provider_changed": "Identity provider changed",
    "sso.provider_removed": "Identity provider removed",
    "sso.required": "Single sign-on required",
    "sso.switched_off": "Identity provider switched off",
    "sso.switched_on": "Identity provider switched on",
    "sso.tested": "Identity provider tested",
    "sso.tied": "Person tied to an identity",
    "sso.untied": "Person untied from an identity",
    "staff.began": "Staff access opened",
    "staff.ended": "Staff access ended",
    "staff.viewed": "Page looked at by staff",
    "suppression.lifted": "Suppression rule lifted",
    "suppression.made": "Suppression rule made",
    "team.deleted": "Team deleted",
    "team.joined": "Person put in a team",
    "team.left": "Person taken out of a team",
    "team.made": "Team made",
    "team.renamed": "Team renamed",
    "token.leaked": "Token found in public, and ended",
    "token.made": "Token made",
    "token.revoked": "Token revoked",
    "upload.again": "Report read again",
    "upload.kept": "Report taken in",
    "upload.refused": "Report refused",
    "upload.repeated": "Report taken in that says nothing new",
    "view.deleted": "Saved view deleted",
    "view.saved": "View of the findings saved",
}

BY_ITSELF = frozenset(
    kind for kind in WORDS if kind.startswith(("audit.", "key.", "limit.", "member.", "org.", "sso.", "token."))
)
"""Recorded without an actor too: who may do what has changed, or a lock has. What scans find is not among them."""

BY_STAFF = frozenset({"staff.began", "staff.viewed"})
"""Done by whoever runs the platform, not by a member."""


def audited(kind: str, *, acted: bool) -> bool:
    """Whether an event becomes an entry. `acted`: a person did it, or a token."""
    return acted or kind in BY_ITSELF


def words(kind: str) -> str:
    """What to call a kind; one that this version does not know any more speaks for itself."""
    return WORDS.get(kind, kind)
