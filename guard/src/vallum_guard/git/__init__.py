"""Hardened git: `clone(Origin(url=…), destination, route=…)`, and `validate(url)` for forms."""

from vallum_guard.git.address import Credential, Origin, check_branch, validate
from vallum_guard.git.clone import Checkout, Limits, clone

__all__ = ["Checkout", "Credential", "Limits", "Origin", "check_branch", "clone", "validate"]
