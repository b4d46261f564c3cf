"""The search for numbers of payment cards: every text column of every table, and the log files."""

import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from django.apps import apps
from django.conf import settings
from django.db import models
from django.db.models.functions import Cast

from vallum_web.tenancy import cards, lookups
from vallum_web.tenancy.keyring import SealedField
from vallum_web.tenancy.models import TenantModel
from vallum_web.tenancy.scope import scope
from vallum_web.trust.models import CardScan

AT_ONCE = 1000
# What PostgreSQL looks for by itself: a row of digits as long as the shortest card number, spaced or not.
_LONG = r"[2-6][0-9]([ -]?[0-9]){11,}"


def search() -> CardScan:
    """Look through everything, and keep what was found, by place. Nothing is changed."""
    began, found, texts = time.monotonic(), Counter[str](), 0
    for place, text in _texts():
        texts += 1
        found[place] += sum(1 for _ in cards.spans(text))
    CardScan.objects.all().delete()  # the last one alone says what is so
    scan: CardScan = CardScan.objects.create(
        texts=texts, found=found.total(), places=dict(+found), seconds=round(time.monotonic() - began, 2)
    )
    return scan


def _texts() -> Iterator[tuple[str, str]]:
    for model in apps.get_models():
        for field in _columns(model):
            place = f"{model._meta.label}.{field}"  # noqa: SLF001 - Django's documented way to a model's name
            yield from ((place, text) for text in _rows(model, field))
    for log in sorted(Path(settings.HOME).glob("logs/*")):
        with log.open(encoding="utf-8", errors="replace") as lines:
            yield from ((f"log {log.name}", line) for line in lines)


def _columns(model: type[models.Model]) -> list[str]:
    """Of text, without what is sealed: there is nothing to be read in it."""
    text = (models.CharField, models.TextField, models.JSONField)
    return [
        field.attname
        for field in model._meta.concrete_fields  # noqa: SLF001 - as above
        if isinstance(field, text) and not isinstance(field, SealedField) and not field.primary_key
    ]


def _rows(model: type[models.Model], field: str) -> Iterator[str]:
    if not issubclass(model, TenantModel):
        yield from _long(model._default_manager.all(), field)  # noqa: SLF001 - as above
        return
    for org in lookups.all_orgs():
        with scope(org):
            yield from list(_long(model._default_manager.filter(org_id=org), field))  # noqa: SLF001 - as above


def _long(rows: "models.QuerySet[models.Model]", field: str) -> Iterator[str]:
    told = rows.annotate(told=Cast(field, models.TextField())).filter(told__regex=_LONG)
    return (str(text) for text in told.order_by().values_list("told", flat=True).iterator(chunk_size=AT_ONCE))
