"""How git is called: nothing of this machine's configuration, no transport but https, no hook, no link, no helper."""

import os
import re
import shutil
import ssl
import subprocess
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Final

from vallum_guard import sandbox
from vallum_guard.errors import GitUnusable, TransportFailed
from vallum_guard.git.address import Credential
from vallum_guard.urls import Target

# Older ones run code from a hostile repository while cloning it (CVE-2024-32002 and its kin).
_OLDEST: Final = (2, 39, 4)
_ADVICE: Final = "Install git 2.39.4 or newer (Debian and Ubuntu: apt-get install git; Fedora: dnf install git)."
_BUNDLES: Final = ("/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem")

_HARDENING: Final = (
    "core.hooksPath=/dev/null",
    "core.symlinks=false",
    "core.fsmonitor=false",
    "core.protectNTFS=true",
    "core.protectHFS=true",
    "core.logAllRefUpdates=false",
    "core.attributesFile=/dev/null",
    "core.excludesFile=/dev/null",
    "core.sshCommand=false",
    "credential.helper=",
    "fetch.recurseSubmodules=false",
    "filter.lfs.process=",
    "filter.lfs.required=false",
    "filter.lfs.smudge=",
    "gc.auto=0",
    "maintenance.auto=false",
    "protocol.allow=never",
    "safe.bareRepository=explicit",
    "submodule.recurse=false",
    "transfer.bundleURI=false",
    "transfer.fsckObjects=true",
)
_NETWORK: Final = (
    "protocol.https.allow=always",
    f"http.proxy={sandbox.RELAY_URL}",
    "http.followRedirects=false",
    "http.lowSpeedLimit=1000",
    "http.lowSpeedTime=20",
    "http.sslVerify=true",
    "http.sslVersion=tlsv1.2",
)
_ENVIRONMENT: Final = {
    "GIT_ALLOW_PROTOCOL": "https",
    "GIT_ASKPASS": "/bin/false",
    "GIT_ATTR_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_LFS_SKIP_SMUDGE": "1",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_TERMINAL_PROMPT": "0",
    "LANG": "C",  # the messages are read by a program
}


@cache
def program() -> Path:
    """The program's path, if its version may meet strangers' repositories."""
    found = shutil.which("git")
    if found is None:
        raise GitUnusable(f"git is not installed. {_ADVICE}")
    said = subprocess.run((found, "--version"), capture_output=True, text=True, check=False, timeout=20).stdout
    require_version(said)
    return Path(found).resolve()


def require_version(said: str) -> tuple[int, ...]:
    """Reads `git version 2.39.5 …` and refuses what is older than the fixes it needs."""
    match = re.match(r"git version (\d+)\.(\d+)(?:\.(\d+))?", said)
    if match is None:
        raise GitUnusable(f"`git --version` says {said.strip()[:80]!r}, which is no version. {_ADVICE}")
    version = tuple(int(part or 0) for part in match.groups())
    if version < _OLDEST:
        raise GitUnusable(
            f"git {'.'.join(map(str, version))} can be made to run a hostile repository's code. {_ADVICE}"
        )
    return version


def options(*, network: bool) -> tuple[str, ...]:
    settings = (*_HARDENING, *_NETWORK) if network else _HARDENING
    return tuple(word for setting in settings for word in ("-c", setting))


def clone_arguments(
    url: str, destination: Path, *, branch: str | None, blob_bytes: int, history: bool = False
) -> tuple[str, ...]:
    """Nothing is checked out yet: files above the blob filter would be fetched after all."""
    return (
        "git",
        *options(network=True),
        *("clone", "--progress", "--no-checkout"),
        *(() if history else ("--depth=1", "--single-branch", "--no-tags")),
        *("--no-recurse-submodules", "--template=", f"--filter=blob:limit={blob_bytes}"),
        *(("--branch", branch) if branch else ()),
        *("--", url, str(destination)),
    )


def environment(*, bundle: Path | None = None) -> Mapping[str, str]:
    values = dict(_ENVIRONMENT)
    if bundle is not None:
        values["GIT_SSL_CAINFO"] = str(bundle)
    folder = str(program().parent)
    if not folder.startswith("/usr/"):
        values["PATH"] = f"{folder}:/usr/local/bin:/usr/bin:/bin"
    return values


def configuration(target: Target, credential: Credential) -> sandbox.Handed:
    """The credential as the one configuration file that git reads: for this host alone, and in no list of processes."""
    lines = (f'[http "https://{target.authority}/"]', f'extraHeader = "Authorization: Basic {credential.proof}"', "")
    return sandbox.Handed(variable="GIT_CONFIG_GLOBAL", content="\n".join(lines).encode())


def installation() -> tuple[Path, ...]:
    """Where git lies, when that is outside /usr."""
    place = program()
    return () if str(place).startswith("/usr/") else (place.parent.parent,)


def authorities(given: Path | None) -> Path:
    """The certificates that count: those given, those of SSL_CERT_FILE, or the system's."""
    if given is not None:
        return given.resolve()
    named = os.environ.get("SSL_CERT_FILE")
    candidates = (named,) if named else (*_BUNDLES, ssl.get_default_verify_paths().openssl_cafile)
    for candidate in candidates:
        if Path(candidate).is_file():
            return Path(candidate).resolve()
    raise TransportFailed(
        f"No certificate authorities at {', '.join(candidates)}: install ca-certificates or set SSL_CERT_FILE."
    )
