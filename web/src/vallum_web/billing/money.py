"""Amounts in words. Pure; amounts are in hundredths."""

from datetime import datetime

from vallum_web.tenancy.plans import PLANS, SIGNS, Currency, Period


def written(amount: int, currency: str) -> str:
    """`€203.00`; a currency that we do not sell in goes before the number by its letters."""
    sign = SIGNS.get(Currency(currency), "") if currency in set(Currency) else f"{currency} "
    return f"{'-' if amount < 0 else ''}{sign}{abs(amount) // 100:,}.{abs(amount) % 100:02}"


def price(plan: str, period: str, currency: str, seats: int) -> str:
    """`€203.00 a month`, before tax; empty where it is not sold."""
    one = PLANS[plan].prices.get((Currency(currency), Period(period)))
    return f"{written(one * seats, currency)} a {period}" if one is not None else ""


def day(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d}" if moment else ""
