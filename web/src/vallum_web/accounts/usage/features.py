"""Which feature a route belongs to, in words of the pages. Pure."""

from collections.abc import Mapping

_BY_NAMESPACE: Mapping[str, str] = {
    "abuse": "Unusual activity",
    "api": "API",
    "assets": "Assets",
    "billing": "Plan and payment",
    "erasure": "Deletion",
    "findings": "Findings",
    "gates": "Gates",
    "inbox": "Development inbox",
    "incidents": "Pages about breaches",
    "ingest": "Imported reports",
    "mail": "Mails",
    "notices": "Notices",
    "notify": "Notifications and webhooks",
    "operator": "Running the platform",
    "overview": "Overview",
    "privacy": "Privacy centre",
    "privacy_minors": "Reports on minors",
    "privacy_org": "Privacy of the organization",
    "privacy_requests": "Privacy requests",
    "reports": "Exports of findings",
    "repositories": "Repositories",
    "scans": "Scans",
    "scim": "Provisioning (SCIM)",
    "subscribers": "News of sub-processors",
    "trust": "Trust pages",
    "usage": "Figures of use",
}
_BY_NAME: Mapping[str, str] = {
    "account": "Your account",
    "legal": "Terms and privacy policy",
    "mfa": "Two-step sign-in",
    "own": "Notifications and webhooks",
    "profile": "Your account",
    "sessions": "Your account",
    "sign": "Your account",
    "sso": "Single sign-on",
}
_OF_ACCOUNTS: Mapping[str, str] = {
    "audit": "Audit log",
    "egress": "What left",
    "keys": "Keys",
    "limits": "Limits",
    "provisioning": "Provisioning (SCIM)",
    "security": "Security settings",
    "sso": "Single sign-on",
    "staff": "Staff access",
    "teams": "Teams",
    "tokens": "Tokens",
}
LONGEST = 40
SIGNING_IN = "Signing in"
SETTINGS = "Settings"
OTHER = "Other pages"
_SIGNING_IN = frozenset({"account_login", "account_logout", "account_signup", "mfa_authenticate", "mfa_login_webauthn"})


def feature(route: str) -> str:
    """`findings:worklist` is "Findings". A namespace that no table knows is called as it is; what has none, "Other pages"."""
    namespace, colon, name = route.partition(":")
    if not colon:
        return SIGNING_IN if route in _SIGNING_IN else _BY_NAME.get(route.split("_", maxsplit=1)[0], OTHER)
    if namespace == "accounts":
        return _OF_ACCOUNTS.get(name.split("_")[0], SETTINGS)
    known = _BY_NAMESPACE.get(namespace) or _BY_NAMESPACE.get(namespace.partition("_")[0])
    return known or namespace.replace("_", " ").capitalize()[:LONGEST]
