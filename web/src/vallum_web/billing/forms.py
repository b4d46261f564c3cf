from typing import Any

from django import forms

from vallum_web.billing.services.flows import MOST_SEATS, PROVIDERS, Order, currencies
from vallum_web.tenancy.plans import SIGNS, Currency, Period


class OrderForm(forms.Form):
    seats = forms.IntegerField(
        min_value=1, max_value=MOST_SEATS, help_text="One for each member. Invitations take none."
    )
    period = forms.ChoiceField(
        choices=[(Period.MONTH.value, "By the month"), (Period.YEAR.value, "By the year, a fifth less")], label="Paid"
    )
    currency = forms.ChoiceField(choices=())

    def __init__(self, *args: Any, but: str = "", **kwargs: Any) -> None:
        """`but` is a provider of whom nothing more can be bought now."""
        super().__init__(*args, **kwargs)
        self.sold = [each for each in currencies() if PROVIDERS[each] != but]
        words = {Currency.EUR: "paid at Stripe", Currency.INR: "paid at Razorpay, in India"}
        self.fields["currency"].choices = [  # type: ignore[attr-defined]  # a choice field's
            (each.value, f"{SIGNS[each]} {each.value}, {words[each]}") for each in self.sold
        ]

    @property
    def order(self) -> Order:
        said = self.cleaned_data
        return Order(period=Period(said["period"]), currency=Currency(said["currency"]), seats=said["seats"])


class SeatsForm(forms.Form):
    seats = forms.IntegerField(min_value=1, max_value=MOST_SEATS)
    at = forms.IntegerField(required=False, widget=forms.HiddenInput)


class PeriodForm(forms.Form):
    period = forms.ChoiceField(choices=[(each.value, each.value) for each in Period])


class RefundForm(forms.Form):
    invoice = forms.CharField(max_length=100)
    amount = forms.DecimalField(min_value=0, max_digits=10, decimal_places=2)
