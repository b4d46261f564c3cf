"""The detector for licences, with the rules that the person brings."""

from pathlib import Path

from vallum.advisories import moments
from vallum.detectors import Setting
from vallum.errors import Misuse
from vallum_engine.detector import Detector
from vallum_engine.errors import BrokenData
from vallum_engine.licenses.detector import LicenceDetector
from vallum_engine.licenses.policy import Policy, packaged, read
from vallum_engine.sca.lister import PackageLister

PACKAGED = "default"
_MOST_BYTES = 4 << 20


def detector(setting: Setting) -> Detector:
    """Licences by the person's policy. Raises Misuse for one that cannot be read."""
    return for_policy(setting.licence_policy)


def for_policy(name: str) -> LicenceDetector:
    """The same by the name of a file, or `default`; without a name it judges nothing."""
    policy = policy_of(name) if name else None
    return LicenceDetector(
        policy, today=moments.now()[:10], policy_name=name if name != PACKAGED else "the packaged policy"
    )


def lister(setting: Setting) -> Detector:  # noqa: ARG001 - as every maker is called
    """Where vulnerabilities are not asked for, the packages are needed all the same."""
    return PackageLister()


def policy_of(name: str) -> Policy:
    if name == PACKAGED:
        return packaged()
    path = Path(name)
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise Misuse(f"--licence-policy {name} is larger than {_MOST_BYTES >> 20} MiB: no file of rules is.")
        return read(path.read_bytes(), name)
    except OSError as error:
        raise Misuse(
            f"--licence-policy {name} cannot be read ({error.strerror}): name a file of rules, or `{PACKAGED}`."
        ) from error
    except BrokenData as error:
        raise Misuse(str(error)) from error
