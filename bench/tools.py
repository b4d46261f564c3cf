"""The command lines that are compared: ours and the peers', each without any connection, each on the folder it runs in."""

import os
import subprocess
from pathlib import Path
from shutil import which

from bench.measure import ROOT, Command

PEERS = ROOT / ".vallum" / "peers" / "bin"
GO_PEERS = ROOT / ".vallum" / "go-peers"
OSV_SCANNER = "github.com/google/osv-scanner/cmd/osv-scanner@v1.9.2"
OURS = ROOT / ".vallum" / "installed" / "bin"


def vallum(*more: str) -> Command:
    """Without what the run before kept of the files: the peers read them each time."""
    arguments = (str(OURS / "vallum"), "scan", ".", "--no-cache", *more)
    return Command(name="vallum", arguments=arguments, codes=frozenset({0, 1}))


def kingfisher(*more: str, name: str = "kingfisher") -> Command:
    offline = ("--no-update-check", "--no-validate", "--quiet", "--format", "json")
    return Command(
        name=name, arguments=(str(PEERS / "kingfisher"), "scan", ".", *offline, *more), codes=frozenset({0, 200})
    )


def detect_secrets() -> Command:
    return Command(
        name="detect-secrets", arguments=(str(PEERS / "detect-secrets"), "scan", "--no-verify", "--all-files", ".")
    )


class NoPeer(Exception):
    """A peer that is not here, and why."""


def osv_scanner() -> Path:
    """Its program: from the search path, or built once where Go is. Raises NoPeer."""
    here = GO_PEERS / "osv-scanner"
    if found := which("osv-scanner"):
        return Path(found)
    if here.is_file():
        return here
    go = which("go")
    if not go:
        raise NoPeer("osv-scanner is not here, and neither is Go, which would build it")
    print(f"building {OSV_SCANNER}, once …")
    made = subprocess.run(
        (go, "install", OSV_SCANNER),
        env={**os.environ, "GOBIN": str(GO_PEERS)},
        capture_output=True,
        text=True,
        check=False,
    )
    if made.returncode:
        raise NoPeer(f"osv-scanner could not be built: {made.stderr.strip()[-300:]}")
    return here
