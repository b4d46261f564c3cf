"""Which format a file has, by its name; and which files are read for their name alone, whatever is in them."""

import re
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache

from vallum_engine.plugins import load
from vallum_engine.secrets.formats.setting import Setting

Reader = Callable[[bytes], Iterator[Setting]]

_READERS: Mapping[str, str] = {
    "lines": "vallum_engine.secrets.formats.lines:settings",
    "yaml": "vallum_engine.secrets.formats.yaml:settings",
    "json": "vallum_engine.secrets.formats.json:settings",
    "xml": "vallum_engine.secrets.formats.xml:settings",
    "netrc": "vallum_engine.secrets.formats.accounts:netrc",
    "pgpass": "vallum_engine.secrets.formats.accounts:pgpass",
    "hashed": "vallum_engine.secrets.formats.accounts:hashed",
    "alone": "vallum_engine.secrets.formats.accounts:alone",
}

_ACCOUNTS: Mapping[str, str] = {
    ".netrc": "netrc",
    "_netrc": "netrc",
    ".pgpass": "pgpass",
    "pgpass.conf": "pgpass",
    "shadow": "hashed",
    "shadow-": "hashed",
    "gshadow": "hashed",
    "gshadow-": "hashed",
    "master.passwd": "hashed",
    ".htpasswd": "hashed",
    "htpasswd": "hashed",
    "master.key": "alone",
    ".dockercfg": "json",
    ".dockerconfigjson": "json",
    "auth.json": "json",
    "kubeconfig": "yaml",
    ".npmrc": "lines",
    ".yarnrc": "lines",
    ".yarnrc.yml": "yaml",
    ".pypirc": "lines",
    ".my.cnf": "lines",
    "my.cnf": "lines",
    "my.ini": "lines",
    ".s3cfg": "lines",
    ".boto": "lines",
    ".passwd-s3fs": "hashed",
    ".smbcredentials": "lines",
    ".msmtprc": "lines",
    ".env": "lines",
    ".envrc": "lines",
    ".flaskenv": "lines",
    "rclone.conf": "lines",
    "settings.xml": "xml",
    "sitemanager.xml": "xml",
    "recentservers.xml": "xml",
    "filezilla.xml": "xml",
    "sftp-config.json": "json",
    "sftp.json": "json",
}
"""Files that people keep credentials in: always read."""

_PLACES: tuple[tuple[str, str], ...] = (
    (".docker/config.json", "json"),
    (".kube/config", "yaml"),
    (".aws/credentials", "lines"),
    (".aws/config", "lines"),
    (".gem/credentials", "yaml"),
    (".cargo/credentials", "lines"),
    (".cargo/credentials.toml", "lines"),
    (".config/gh/hosts.yml", "yaml"),
    (".kubeconfig", "yaml"),
    (".netrc", "netrc"),
    (".pgpass", "pgpass"),
    (".htpasswd", "hashed"),
    *((f"/credentials/{stage}.key", "alone") for stage in ("production", "staging", "development", "test")),
    (".tfstate", "json"),
    (".tfstate.backup", "json"),
)
"""Endings of paths, likewise."""

_ENDINGS: Mapping[str, str] = {
    **dict.fromkeys(("yml", "yaml", "sls", "eyaml"), "yaml"),
    **dict.fromkeys(("json", "jsonc", "json5", "tfstate", "arm", "template"), "json"),
    **dict.fromkeys(("xml", "config", "csproj", "props", "targets", "pubxml", "plist", "xaml", "jelly"), "xml"),
    **dict.fromkeys(
        (
            "properties",
            "ini",
            "cfg",
            "conf",
            "cnf",
            "toml",
            "tfvars",
            "tf",
            "hcl",
            "env",
            "service",
            "envrc",
            "list",
            "prefs",
        ),
        "lines",
    ),
}
_DOTENV = r"(?:.*[._-])?env(?:[._-][\w.-]{1,40})?"


def reader(name: str) -> Reader:
    found: Reader = load(_READERS[name])
    return found


_KEPT = tuple(ending for ending, _ in _PLACES)


def format_of(path: str) -> str:
    """The name of a file's format; empty where it is none that is read."""
    named, accounts = _named(path[path.rfind("/") + 1 :])
    if not accounts and path.endswith(_KEPT):
        return next(format_ for ending, format_ in _PLACES if path.endswith(ending))
    return named


def keeps_credentials(path: str) -> bool:
    """Whether a file of this name is read whatever is in it."""
    name = path[path.rfind("/") + 1 :]
    return _named(name)[1] or name.startswith(".env") or path.endswith(_KEPT)


@lru_cache(maxsize=1024)
def _named(name: str) -> tuple[str, bool]:
    """The format by a file's own name, and whether people keep credentials in it. Asked for every file, of which many share a name."""
    if name in _ACCOUNTS:
        return _ACCOUNTS[name], True
    if ("env" in name and re.fullmatch(_DOTENV, name)) or name.startswith(("Dockerfile", "Containerfile")):
        return "lines", False
    return _ENDINGS.get(name[name.rfind(".") + 1 :].lower(), ""), False
