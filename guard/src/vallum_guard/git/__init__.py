"""Hardened git: `clone(Origin(url=…), destination, route=…)`, `opened(folder)` for what lies here, `validate(url)` for forms."""

from vallum_guard.git.address import Credential, Origin, check_branch, validate
from vallum_guard.git.clone import Checkout, Limits, clone
from vallum_guard.git.reading import Repository, opened

__all__ = ["Checkout", "Credential", "Limits", "Origin", "Repository", "check_branch", "clone", "opened", "validate"]
