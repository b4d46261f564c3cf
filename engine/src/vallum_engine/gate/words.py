"""A policy in sentences, for people who did not write it."""

from vallum_engine.gate.policy import Policy, Since, WhenUnsure
from vallum_engine.model.finding import Confidence, Kind

_KINDS = {
    Kind.SECRET: "secrets",
    Kind.VULNERABILITY: "vulnerabilities",
    Kind.WEAKNESS: "weaknesses",
    Kind.MISCONFIGURATION: "misconfigurations",
    Kind.LICENCE: "licence problems",
    Kind.MALWARE: "malware",
}


def sentences(policy: Policy) -> tuple[str, ...]:
    """What is forbidden, what counts, and when the gate cannot say."""
    return (f"Fails on {_joined(_forbidden(policy), 'or')}.", _counting(policy), _coverage(policy))


def _forbidden(policy: Policy) -> list[str]:
    parts = [f"anything worse than {policy.max_severity}"] if policy.max_severity else []
    parts += ["a secret"] if policy.no_secret else []
    parts += ["a vulnerability known to be exploited"] if policy.no_exploited else []
    if policy.max_count is not None:
        parts.append(f"more than {policy.max_count:,} findings" if policy.max_count else "any finding")
    return parts


def _counting(policy: Policy) -> str:
    what = _joined([_KINDS[kind] for kind in Kind if kind in policy.kinds], "and") or "findings of any kind"
    conditions = [
        *([f"of at least {policy.min_confidence} confidence"] if policy.min_confidence is not Confidence.LOW else []),
        *([f"of risk {policy.min_risk} or more"] if policy.min_risk else []),
        *(["that can be fixed"] if policy.fixable_only else []),
        *([_new(policy)] if policy.new_since else []),
        *(
            [f"open for {policy.min_days:,} {'day' if policy.min_days == 1 else 'days'} or more"]
            if policy.min_days
            else []
        ),
    ]
    hidden = "Suppressed ones count too." if policy.count_suppressed else "Suppressed ones do not count."
    return f"{' '.join(filter(None, (f'Counts {what}', ', '.join(conditions))))}. {hidden}"


def _new(policy: Policy) -> str:
    since = policy.new_since
    if since is None or since.since is Since.PREVIOUS:
        return "that were not there at the last complete scan before"
    return f"that were not there {'at scan' if since.since is Since.SCAN else 'on'} {since.value}"


def _coverage(policy: Policy) -> str:
    old = "" if policy.max_age_days is None else f", or is more than {policy.max_age_days:,} days old"
    how = "Fails too" if policy.when_unsure is WhenUnsure.FAIL else "Cannot say"
    return f"{how} where the scan failed, has gaps{old}."


def _joined(parts: list[str], word: str) -> str:
    return f" {word} ".join(filter(None, (", ".join(parts[:-1]), *parts[-1:])))
