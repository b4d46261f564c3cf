"""The image's health check: 0 while the web process in this container answers /healthz over the TLS of its own authority."""

import os
import sys
from pathlib import Path

from vallum_web.embedded.address import Address, Certificate
from vallum_web.embedded.probe import status

PORT = 8443  # what the image's command listens on


def main(home: Path) -> int:
    """The exit code."""
    tls = home / "tls"
    certificate = Certificate(authority=tls / "authority.pem", chain=tls / "chain.pem", key=tls / "key.pem")
    address = Address(host="127.0.0.1", port=PORT, certificate=certificate)
    return 0 if status(address, "/healthz", seconds=4.0) == 200 else 1


if __name__ == "__main__":
    sys.exit(main(Path(os.environ["VALLUM_HOME"])))
