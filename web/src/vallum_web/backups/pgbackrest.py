"""The configuration for pgBackRest, the driver for a database of one's own: pure."""

import base64
import hmac
from typing import Final
from urllib.parse import parse_qs, urlsplit

from vallum_web.backups.errors import PlaceError
from vallum_web.backups.sealing import BackupKey

STANZA: Final = "vallum"
KEPT_DAYS: Final = 75
"""It keeps one full backup that is older than this, so with one a week the oldest is of 82 days: 90 would mean 97."""
_TEXT: Final = """\
# pgBackRest for Vallum. It holds secrets: /etc/pgbackrest.conf, mode 0640, of root and the group of PostgreSQL's account.
[global]
{place}
repo1-cipher-type=aes-256-cbc
repo1-cipher-pass={passphrase}
repo1-retention-full-type=time
repo1-retention-full={days}
compress-type=zst
process-max=2
start-fast=y

[{stanza}]
pg1-path={data}
"""


def configuration(place: str, key: BackupKey, data: str, *, access: str = "", secret: str = "") -> str:
    """For the same place as VALLUM_BACKUP, below a folder of its own. Raises PlaceError.

    The passphrase is made of the backup key, so the recovery kit opens these backups too.
    """
    lines = (
        _s3(place, access, secret) if place.startswith("s3://") else {"type": "posix", "path": f"{place}/pgbackrest"}
    )
    told = "\n".join(f"repo1-{name}={value}" for name, value in lines.items())
    return _TEXT.format(place=told, passphrase=passphrase(key), days=KEPT_DAYS, stanza=STANZA, data=data)


def passphrase(key: BackupKey) -> str:
    return base64.urlsafe_b64encode(hmac.digest(key.key, b"vallum pgbackrest", "sha256")).decode()


def _s3(place: str, access: str, secret: str) -> dict[str, str]:
    parts = urlsplit(place)
    query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
    endpoint = urlsplit(query.get("endpoint", ""))
    if endpoint.scheme != "https" or not endpoint.hostname:
        raise PlaceError(
            "pgBackRest wants a storage that speaks HTTPS: s3://BUCKET/PREFIX?endpoint=https://HOST&region=REGION."
        )
    lines = {
        "type": "s3",
        "path": f"/{parts.path.strip('/')}/pgbackrest".replace("//", "/"),
        "s3-bucket": parts.netloc,
        "s3-endpoint": endpoint.hostname,
        "s3-region": query.get("region", "us-east-1"),
        "s3-uri-style": "path",
        "s3-key": access,
        "s3-key-secret": secret,
    }
    return lines | ({"storage-port": str(endpoint.port)} if endpoint.port else {})
