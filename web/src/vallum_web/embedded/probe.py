"""Asks our own web process whether it answers. It never talks to another machine."""

import contextlib
import socket
import ssl

from vallum_web.embedded.address import Address, bracketed

OLD, NEW = ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3


def speaks(host: str, port: int, version: ssl.TLSVersion, *, seconds: float = 3.0) -> bool | None:
    """Whether this version of TLS, and no other, brings about a connection; none when nobody answers in time.

    Whose certificate it is does not matter here: nothing is said.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.minimum_version = context.maximum_version = version
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM) as link:
        link.settimeout(seconds)
        try:
            link.connect((host, port))
        except OSError:
            return None
        try:
            with context.wrap_socket(link):
                return True
        except TimeoutError:
            return None
        except OSError:
            return False


def status(address: Address, path: str, *, seconds: float = 1.0) -> int | None:
    """The status code of one GET; none when nobody answers in time."""
    host = bracketed(address.near)
    request = f"GET {path} HTTP/1.1\r\nHost: {host}:{address.port}\r\nConnection: close\r\n\r\n"
    family = socket.AF_INET6 if ":" in address.near else socket.AF_INET
    try:
        with contextlib.ExitStack() as stack:
            link = stack.enter_context(socket.socket(family, socket.SOCK_STREAM))
            link.settimeout(seconds)
            link.connect((address.near, address.port))
            if address.certificate:
                context = ssl.create_default_context(cafile=address.certificate.authority)
                link = stack.enter_context(context.wrap_socket(link, server_hostname=address.near))
            link.sendall(request.encode("ascii"))
            words = link.recv(64).split()
    except OSError:
        return None
    return int(words[1]) if len(words) > 1 and words[0].startswith(b"HTTP/") and words[1].isdigit() else None
