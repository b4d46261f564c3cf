"""What somebody says of a vulnerability in a product, in the words of VEX."""

from collections.abc import Mapping

from vallum_engine.values import immutable

NOT_AFFECTED, AFFECTED, FIXED, UNDECIDED = "not_affected", "affected", "fixed", "under_investigation"
STATUSES = (NOT_AFFECTED, AFFECTED, FIXED, UNDECIDED)
HIDING = frozenset({NOT_AFFECTED, FIXED})

JUSTIFICATIONS: Mapping[str, str] = {
    "component_not_present": "the component is not there",
    "vulnerable_code_not_present": "the vulnerable code is not there",
    "vulnerable_code_not_in_execute_path": "the vulnerable code is never run",
    "vulnerable_code_cannot_be_controlled_by_adversary": "nobody outside can reach the vulnerable code",
    "inline_mitigations_already_exist": "what is built in prevents it",
}
"""Why a product is not affected (OpenVEX 0.2.0, "Status Justifications"; the same in CSAF), in words for a person."""


@immutable
class Statement:
    """One, as a finding carries it."""

    status: str
    """One of `STATUSES`."""
    justification: str = ""
    """Of what is not affected, one of `JUSTIFICATIONS`; empty where none was given."""
    words: str = ""
    """What they write about it."""
    at: str = ""
    """When it was said, RFC 3339 in UTC; empty where that was not told."""
