"""A small, deliberately vulnerable project, written at start so that the demo scans something real.

Its secrets are random noise in the right shape, made on the spot: none lies in this tree, none ever opened anything.
"""

import json
import secrets
import string
import zlib
from pathlib import Path

_ALNUM = string.ascii_letters + string.digits
_BASE62 = string.digits + string.ascii_uppercase + string.ascii_lowercase
_PYTHON = {
    "django": "3.2.12",
    "flask": "2.2.2",
    "jinja2": "3.1.2",
    "pyyaml": "5.3.1",
    "requests": "2.30.0",
    "urllib3": "1.26.4",
}
_NODE = {
    "axios": "0.21.0",
    "express": "4.17.1",
    "follow-redirects": "1.14.7",
    "json5": "2.2.1",
    "jsonwebtoken": "8.5.1",
    "lodash": "4.17.20",
    "minimist": "1.2.5",
    "node-fetch": "2.6.1",
    "qs": "6.5.2",
    "semver": "7.3.7",
    "ws": "7.4.5",
}


def write_shop(folder: Path) -> None:
    """Write the project's files, over what an interrupted start may have left."""
    for name, text in _files().items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def _files() -> dict[str, str]:
    github = "ghp_" + _noise(30)
    github += _base62(zlib.crc32(github[4:].encode()), 6)
    return {
        "README.md": "# Shop\n\nThe demo's own project: every problem in it is deliberate.\n",
        "config/settings.py": f'DEBUG = True\nDATABASE_URL = "postgresql://shop:{_noise(18)}@db.shop.internal:5432/shop"\n',
        "deploy/release.sh": f'#!/bin/sh\nexport GITHUB_TOKEN="{github}"\n./publish --all\n',
        "deploy/.env": f"AWS_ACCESS_KEY_ID=AKIA{_noise(16, string.ascii_uppercase + '234567')}\nAWS_SECRET_ACCESS_KEY={_noise(40)}\n"
        f"STRIPE_SECRET_KEY=sk_live_{_noise(24)}\n",
        "src/notify.py": f'HOOK = "https://hooks.slack.com/services/T{_upper(8)}/B{_upper(10)}/{_noise(24)}"\n',
        "requirements.txt": "".join(f"{name}=={version}\n" for name, version in sorted(_PYTHON.items())),
        "web/package.json": json.dumps({"name": "shop-web", "version": "1.0.0", "dependencies": _NODE}, indent=2)
        + "\n",
        "web/package-lock.json": json.dumps(_lock(), indent=2) + "\n",
    }


def _lock() -> dict[str, object]:
    packages: dict[str, object] = {"": {"name": "shop-web", "version": "1.0.0", "dependencies": _NODE}}
    packages |= {f"node_modules/{name}": {"version": version} for name, version in sorted(_NODE.items())}
    return {"name": "shop-web", "version": "1.0.0", "lockfileVersion": 3, "requires": True, "packages": packages}


def _noise(length: int, alphabet: str = _ALNUM) -> str:
    return "".join(secrets.choice(alphabet) for _ in range(length))


def _upper(length: int) -> str:
    return _noise(length, string.ascii_uppercase + string.digits)


def _base62(value: int, digits: int) -> str:
    text = ""
    for _ in range(digits):
        value, rest = divmod(value, 62)
        text = _BASE62[rest] + text
    return text
