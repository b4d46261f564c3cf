"""What every answer tells a browser about how to treat it: pages, parts, static files, the API, errors.

`docs/operations.md` (Headers) says what each of them does. Strict-Transport-Security, Referrer-Policy,
X-Content-Type-Options and Cross-Origin-Opener-Policy are Django's own; the content policy has a library.
"""

from collections.abc import Callable
from typing import Final

from django.http import HttpRequest, HttpResponseBase

Handler = Callable[[HttpRequest], HttpResponseBase]

# Pages need no device of a visitor's but the key that proves who they are, and the clipboard when they press "copy".
_NEEDED: Final = ("clipboard-write", "publickey-credentials-create", "publickey-credentials-get")
_CLOSED: Final = (
    "accelerometer", "autoplay", "browsing-topics", "camera",
    "clipboard-read", "compute-pressure", "cross-origin-isolated", "display-capture", "encrypted-media", "fullscreen",
    "gamepad", "geolocation", "gyroscope", "hid", "identity-credentials-get", "idle-detection", "keyboard-map",
    "local-fonts", "magnetometer", "microphone", "midi", "otp-credentials", "payment", "picture-in-picture",
    "screen-wake-lock", "serial", "speaker-selection", "storage-access", "sync-xhr", "usb",
    "window-management", "xr-spatial-tracking",
)  # fmt: skip
EVERYWHERE: Final = {
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": ", ".join([*(f"{name}=()" for name in _CLOSED), *(f"{name}=(self)" for name in _NEEDED)]),
    "X-Frame-Options": "DENY",
}
_GOODBYES: Final = frozenset({"account_logout"})
# Not "cookies": the session's is ended by the server, and the browser would also drop the one that the next page needs.
_FORGET: Final = '"cache", "storage"'


def told(get_response: Handler) -> Handler:
    """Stands around everything else, so that no answer leaves without."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        for name, value in EVERYWHERE.items():
            response.headers.setdefault(name, value)
        match = request.resolver_match
        if match is not None and match.view_name in _GOODBYES and request.method == "POST":
            response.headers["Clear-Site-Data"] = _FORGET
        return response

    return middleware
