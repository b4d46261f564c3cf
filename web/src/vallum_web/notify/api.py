"""Webhooks and their log over the API."""

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from django.http import Http404
from ninja import Query, Status
from ninja.errors import HttpError

from vallum_guard.errors import GuardError
from vallum_web.accounts.access import TenantRouter, TokenRequest, permits
from vallum_web.notify import queries, services
from vallum_web.notify.models import Delivery, Webhook
from vallum_web.notify.schemas import (
    DeliveriesWanted,
    DeliveryLine,
    DeliveryOut,
    DeliveryPage,
    SecretOut,
    SwitchIn,
    WebhookIn,
    WebhookMade,
    WebhookOut,
    WebhookPage,
)
from vallum_web.tenancy import keyset
from vallum_web.tenancy.parameters import After

router = TenantRouter(tags=["webhooks"], holds=Webhook)
delivered = TenantRouter(tags=["webhooks"], holds=Delivery)
REFUSED = 422
CONFLICT = 409


@contextmanager
def _answering() -> Iterator[None]:
    """What is refused as an answer that says why."""
    try:
        yield
    except (Webhook.DoesNotExist, Delivery.DoesNotExist):
        raise Http404 from None
    except services.NameTakenError as error:
        raise HttpError(CONFLICT, str(error)) from error
    except (services.RefusedError, GuardError) as error:
        raise HttpError(REFUSED, str(error)) from error


@router.get("", response=WebhookPage, summary="Webhooks, by name")
@permits("webhooks.read")
def webhooks_list(request: TokenRequest, place: Query[After]) -> WebhookPage:
    page = keyset.page([queries.webhooks(request.auth.org)], queries.BY_NAME, after=place.after)
    return WebhookPage(items=[WebhookOut.of(row) for row in page.rows], after=page.next or "")


@router.post("", response={201: WebhookMade}, summary="Make a webhook: the answer has its secret, once")
@permits("webhooks.change", shows_secret=True)
def webhook_make(request: TokenRequest, body: WebhookIn) -> Status[WebhookMade]:
    with _answering():
        row, secret = services.make(request.auth.org, request.auth.by, body.wanted())
    return Status(201, WebhookMade(**WebhookOut.values(row), secret=secret))


@router.get("/{webhook_id}", response=WebhookOut, summary="One webhook")
@permits("webhooks.read")
def webhook_get(request: TokenRequest, webhook_id: UUID) -> WebhookOut:
    with _answering():
        return WebhookOut.of(queries.webhook(request.auth.org, webhook_id))


@router.put("/{webhook_id}", response=WebhookOut, summary="Change a webhook: all but the address is what is sent")
@permits("webhooks.change")
def webhook_change(request: TokenRequest, webhook_id: UUID, body: WebhookIn) -> WebhookOut:
    with _answering():
        queries.webhook(request.auth.org, webhook_id)
        return WebhookOut.of(services.change(request.auth.org, webhook_id, request.auth.by, body.wanted()))


@router.delete("/{webhook_id}", response={204: None}, summary="Delete a webhook, with its log and what waits")
@permits("webhooks.change")
def webhook_delete(request: TokenRequest, webhook_id: UUID) -> Status[None]:
    with _answering():
        services.delete(request.auth.org, webhook_id, request.auth.by)
    return Status(204, None)


@router.post("/{webhook_id}/secret", response=SecretOut, summary="A new secret; the one before signs for a day more")
@permits("webhooks.change", shows_secret=True)
def webhook_rotate(request: TokenRequest, webhook_id: UUID) -> SecretOut:
    with _answering():
        secret, both_until = services.rotate(request.auth.org, webhook_id, request.auth.by)
    return SecretOut(secret=secret, former_secret_until=both_until)


@router.put("/{webhook_id}/switch", response=WebhookOut, summary="Switch a webhook on or off")
@permits("webhooks.change")
def webhook_switch(request: TokenRequest, webhook_id: UUID, body: SwitchIn) -> WebhookOut:
    with _answering():
        return WebhookOut.of(services.switch(request.auth.org, webhook_id, request.auth.by, on=body.on))


@router.post("/{webhook_id}/test", response={202: DeliveryLine}, summary="Send a test")
@permits("webhooks.change")
def webhook_test(request: TokenRequest, webhook_id: UUID) -> Status[DeliveryLine]:
    with _answering():
        made = services.test(request.auth.org, webhook_id, request.auth.by)
    return Status(202, DeliveryLine(**DeliveryLine.values(made, None)))


@delivered.get("", response=DeliveryPage, summary="What was sent, or waits to be, the newest first")
@permits("webhooks.read")
def deliveries_list(request: TokenRequest, place: Query[DeliveriesWanted]) -> DeliveryPage:
    org = request.auth.org
    page = queries.delivery_page(org, webhook=place.webhook, after=place.after)
    items = [DeliveryLine(**DeliveryLine.values(row, last)) for row, last in queries.with_last(org, page.rows)]
    return DeliveryPage(items=items, after=page.next or "")


@delivered.get("/{delivery_id}", response=DeliveryOut, summary="One message, and every try of it")
@permits("webhooks.read")
def delivery_get(request: TokenRequest, delivery_id: UUID) -> DeliveryOut:
    with _answering():
        row = queries.delivery(request.auth.org, delivery_id)
    return DeliveryOut.of(row, list(queries.attempts(request.auth.org, row.pk)))


@delivered.post("/{delivery_id}/again", response={202: DeliveryLine}, summary="Send a message once more")
@permits("webhooks.change")
def delivery_again(request: TokenRequest, delivery_id: UUID) -> Status[DeliveryLine]:
    with _answering():
        row = services.again(request.auth.org, delivery_id, request.auth.by)
    ((_, last),) = queries.with_last(request.auth.org, [row])
    return Status(202, DeliveryLine(**DeliveryLine.values(row, last)))
