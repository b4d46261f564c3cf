"""What opens a payment provider, from the environment. Read by the settings, so this knows nothing but the standard library.

A provider whose key is given is whole or stops the start: with an empty secret anybody could sign a webhook. Keys for
testing and other addresses than the provider's own are taken in the demo on loopback alone.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

STRIPE, RAZORPAY = "stripe", "razorpay"
ADDRESSES = {STRIPE: "https://api.stripe.com", RAZORPAY: "https://api.razorpay.com"}
# Each whole: names of settings are looked for in the code, by people and by a test.
_NAMES = {
    STRIPE: ("VALLUM_STRIPE_KEY", "VALLUM_STRIPE_WEBHOOK_SECRETS", "VALLUM_STRIPE_URL"),
    RAZORPAY: ("VALLUM_RAZORPAY_KEY", "VALLUM_RAZORPAY_WEBHOOK_SECRETS", "VALLUM_RAZORPAY_URL"),
}
_LIVE = {STRIPE: ("sk_live_", "rk_live_"), RAZORPAY: ("rzp_live_",)}
_SHORTEST = 16


class BadKeysError(ValueError):
    """The message names the variable, and says what is wrong with it. No process starts with such."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """Of one provider. `secrets` sign its webhooks: the present one, and the former while it is being changed."""

    provider: str
    key: str = field(repr=False)
    secrets: tuple[str, ...] = field(repr=False)
    address: str

    @property
    def live(self) -> bool:
        return self.key.startswith(_LIVE[self.provider])


def read(environment: Mapping[str, str], *, play: bool) -> dict[str, Keys]:
    """Of every provider that has a key. Raises BadKeysError."""
    found = (_read(environment, provider, play=play) for provider in ADDRESSES)
    return {keys.provider: keys for keys in found if keys}


def _read(environment: Mapping[str, str], provider: str, *, play: bool) -> Keys | None:
    of_key, of_secrets, of_address = _NAMES[provider]
    key = environment.get(of_key, "").strip()
    secrets = environment.get(of_secrets, "")
    address = environment.get(of_address, "") or ADDRESSES[provider]
    if not key:
        if secrets.strip():
            raise BadKeysError(f"{of_secrets} is set and {of_key} is not: set both, or none.")
        return None
    given = tuple(secret.strip() for secret in secrets.split(","))
    if any(len(secret) < _SHORTEST for secret in given) or len(given) > 2:
        raise BadKeysError(
            f"{of_secrets} is one secret of at least {_SHORTEST} characters, or the present and the former with a "
            "comma between them: without it anybody could sign a notice of payment."
        )
    keys = Keys(provider=provider, key=key, secrets=given, address=address.rstrip("/"))
    if provider == RAZORPAY and key.count(":") != 1:
        raise BadKeysError(f"{of_key} is the key's id and its secret with a colon between them.")
    if not play and (not keys.live or keys.address != ADDRESSES[provider]):
        raise BadKeysError(
            f"{of_key} is no live key, or {of_address} is set: both are for the demo on loopback alone (vallum-web up --demo)."
        )
    return keys
