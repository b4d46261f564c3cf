"""TLS without a public authority: a local one, made at first start, whose file clients can pin while the leaf changes."""

import contextlib
import datetime as dt
import ipaddress
import socket
import time
from collections.abc import Sequence
from pathlib import Path

from vallum_web.embedded import home
from vallum_web.embedded.address import Certificate
from vallum_web.embedded.errors import CertificateError

LEAF_DAYS = 397  # the longest that browsers accept from authorities they know
RENEW_DAYS = 30
DAY = 86_400
LOOPBACK_NAMES = ("localhost", "127.0.0.1", "::1")


def names_for(host: str, further: Sequence[str]) -> tuple[str, ...]:
    """Names and addresses that clients may use, the one to show first."""
    names = list(further)
    try:
        everywhere = ipaddress.ip_address(host).is_unspecified
    except ValueError:
        everywhere = False
    if everywhere:
        names += [socket.gethostname(), *_outward_addresses()]
    else:
        names.append(host)
    return tuple(dict.fromkeys(name for name in names if name))


def _outward_addresses() -> list[str]:
    """The address this machine would use towards others. Choosing a route for UDP sends nothing."""
    found = []
    for family, far in ((socket.AF_INET, "192.0.2.1"), (socket.AF_INET6, "2001:db8::1")):  # reserved for documentation
        with contextlib.suppress(OSError), contextlib.closing(socket.socket(family, socket.SOCK_DGRAM)) as trial:
            trial.connect((far, 9))
            found.append(str(trial.getsockname()[0]))
    return found


def ensure(folder: Path, names: Sequence[str], *, now: float | None = None) -> Certificate:
    """The certificate for these names: kept, or made anew when the names changed or its end is near.

    The authority stays as long as its file: a client that pinned it sees no difference.
    """
    wanted = tuple(dict.fromkeys((*names, *LOOPBACK_NAMES)))
    moment = dt.datetime.fromtimestamp(time.time() if now is None else now, dt.UTC)
    home.ensure(folder)
    certificate = Certificate(authority=folder / "authority.pem", chain=folder / "chain.pem", key=folder / "key.pem")
    try:
        if not _is_good(certificate, wanted, moment):
            _issue(folder, certificate, wanted, moment)
    except (OSError, ValueError) as error:
        raise CertificateError(
            f"No certificate for {', '.join(names)} in {folder}: {error}. Without one only loopback may be listened on: "
            "repair or remove that folder, or leave out --host."
        ) from error
    return certificate


def _is_good(certificate: Certificate, wanted: Sequence[str], moment: dt.datetime) -> bool:
    from cryptography import x509  # noqa: PLC0415 - 0.1 s that a start on loopback does not need
    from cryptography.hazmat.primitives import serialization  # noqa: PLC0415 - comes with it

    if not all(path.is_file() for path in (certificate.authority, certificate.chain, certificate.key)):
        return False
    authority = x509.load_pem_x509_certificate(certificate.authority.read_bytes())
    leaf = x509.load_pem_x509_certificates(certificate.chain.read_bytes())[0]
    key = serialization.load_pem_private_key(certificate.key.read_bytes(), None)
    shown = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    held = {str(name) for kind in (x509.DNSName, x509.IPAddress) for name in shown.get_values_for_type(kind)}
    lasts = leaf.not_valid_after_utc - moment > dt.timedelta(days=RENEW_DAYS)
    belongs = leaf.issuer == authority.subject and leaf.public_key() == key.public_key()
    return lasts and belongs and held == set(wanted)


def _issue(folder: Path, certificate: Certificate, wanted: Sequence[str], moment: dt.datetime) -> None:
    import trustme  # noqa: PLC0415 - 0.1 s that a start on loopback does not need
    from cryptography.hazmat.primitives import serialization  # noqa: PLC0415 - comes with it

    secret = folder / "authority-key.pem"
    if certificate.authority.is_file() and secret.is_file():
        authority = trustme.CA.from_pem(certificate.authority.read_bytes(), secret.read_bytes())
    else:
        authority = trustme.CA(organization_name="Vallum local authority")
        home.write_private(secret, authority.private_key_pem.bytes().decode("ascii"))
        home.write_private(certificate.authority, authority.cert_pem.bytes().decode("ascii"))
    leaf = authority.issue_cert(
        *wanted,
        organization_name="Vallum",
        not_before=moment - dt.timedelta(days=1),  # clocks differ
        not_after=moment + dt.timedelta(days=LEAF_DAYS),
    )
    key = serialization.load_pem_private_key(leaf.private_key_pem.bytes(), None)
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    home.write_private(certificate.key, key.private_bytes(*form).decode("ascii"))
    home.write_private(certificate.chain, "".join(blob.bytes().decode("ascii") for blob in leaf.cert_chain_pems))
