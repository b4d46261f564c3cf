"""The command lines that are compared: ours and the peers', each without any connection, each on the folder it runs in."""

from bench.measure import ROOT, Command

PEERS = ROOT / ".vallum" / "peers" / "bin"
OURS = ROOT / ".venv" / "bin"


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
