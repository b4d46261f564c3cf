"""A new, empty data folder."""

import shutil
import subprocess

from vallum_web.embedded import home
from vallum_web.embedded.account import Account
from vallum_web.embedded.binaries import CLEAN_ENVIRONMENT, Binaries
from vallum_web.embedded.cluster import SUPER, Cluster
from vallum_web.embedded.errors import DatabaseError

BUILTIN_SINCE = 17


def initialize(cluster: Cluster, binaries: Binaries, account: Account, *, durable: bool) -> None:
    """All or nothing: the data folder gets its name when it is complete."""
    fresh, word = cluster.place / "data.new", cluster.place / "password.new"
    shutil.rmtree(fresh, ignore_errors=True)
    word.unlink(missing_ok=True)
    home.write_private(word, cluster.super_password)
    account.own(word)
    command = [
        binaries.tool("initdb"),
        f"--pgdata={fresh}",
        f"--username={SUPER}",
        f"--pwfile={word}",
        "--auth-local=scram-sha-256",
        "--auth-host=scram-sha-256",
        "--encoding=UTF8",
        "--data-checksums",
        "--no-instructions",
        *([] if durable else ["--no-sync"]),
    ]
    try:
        ran = _run([*command, *locale_options(binaries.major)], account)
        if (
            ran.returncode != 0 and binaries.major < BUILTIN_SINCE
        ):  # a system without C.UTF-8: its C orders bytes as well
            shutil.rmtree(fresh, ignore_errors=True)
            ran = _run([*command, "--locale=C"], account)
    finally:
        word.unlink(missing_ok=True)
    if ran.returncode != 0:
        raise DatabaseError(f"initdb could not make {cluster.data}: {ran.stderr.strip() or ran.stdout.strip()}")
    fresh.rename(cluster.data)


def locale_options(major: int) -> list[str]:
    """The same order of text on every machine, whatever its C library."""
    if major >= BUILTIN_SINCE:
        return ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
    return ["--locale=C.UTF-8"]


def _run(command: list[str], account: Account) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        capture_output=True,
        text=True,
        check=False,
        cwd="/",
        env=CLEAN_ENVIRONMENT,
        stdin=subprocess.DEVNULL,
        **account.popen_options(),
    )
