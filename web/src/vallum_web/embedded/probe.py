"""Asks our own web process whether it answers. It never talks to another machine."""

import contextlib
import socket
import ssl

from vallum_web.embedded.address import Address, bracketed


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
