"""The payment providers behind one interface."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from vallum_web.billing.keys import Keys
from vallum_web.billing.providers import razorpay, signature, stripe
from vallum_web.billing.providers.razorpay import Razorpay
from vallum_web.billing.providers.signature import Notice
from vallum_web.billing.providers.stripe import Stripe
from vallum_web.billing.seen import Dispute, Look, Whose


class Way(Protocol):
    """To one provider, for one organization or for the platform. Each call raises NoAnswerError or RefusedError."""

    def whose(self, object_id: str) -> Whose | None: ...

    def look(self, customer_id: str, subscriptions: Sequence[str]) -> Look: ...

    def changed(self, since: datetime) -> Sequence[tuple[str, str, str]]: ...

    def do(self, kind: str, args: Mapping[str, Any], key: str) -> str: ...

    def link(self, kind: str, made: str) -> str: ...

    def payment(self, invoice_id: str) -> str: ...

    def period(self, price_id: str) -> str: ...

    def waiting(self, subscription_id: str) -> str: ...

    def offer(self, product: str, name: str, prices: Mapping[tuple[str, str], int]) -> list[str]: ...

    def find(self, kind: str, args: Mapping[str, Any], key: str) -> str | None: ...

    def disabled(self, url: str) -> bool: ...

    def dispute(self, dispute_id: str) -> Dispute: ...

    def leave(self, customer_id: str, subscriptions: Sequence[str]) -> list[str]: ...


_WAYS: Mapping[str, Callable[[Keys, UUID | None], Way]] = {"stripe": Stripe, "razorpay": Razorpay}
VERIFIERS: Mapping[str, Callable[..., Notice]] = {"stripe": signature.stripe, "razorpay": signature.razorpay}
"""Body, headers, secrets and the time, to a notice; each raises NotGenuineError."""
_FOLLOWED = {"stripe": stripe.FOLLOWED, "razorpay": razorpay.FOLLOWED}


def follows(provider: str, kind: str) -> bool:
    """Whether an event of this kind is about something that we keep."""
    return kind.startswith(_FOLLOWED[provider])


def way(keys: Keys, org: UUID | None) -> Way:
    return _WAYS[keys.provider](keys, org)
