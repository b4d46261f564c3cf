"""The editors of rules: the organization's, and a person's own."""

from collections.abc import Sequence
from typing import Any, cast
from uuid import UUID

from django import forms

from vallum_web.notify.forms import NarrowForm, narrowing, put
from vallum_web.notify.models import Rhythm, Rule
from vallum_web.notify.rules import Wanted

_OWN = (Rule.Way.INBOX, Rule.Way.MAIL)


class OwnRuleForm(NarrowForm):
    way = forms.ChoiceField(label="How", choices=[(way.value, way.label) for way in _OWN])
    rhythm = forms.ChoiceField(
        label="How often",
        choices=Rhythm.choices,
        help_text="Once a day is at 08:00 in your time zone, which stands under your account, Mails.",
    )
    on = forms.BooleanField(required=False, initial=True, label="It is on")

    @property
    def wanted(self) -> Wanted:
        """Of a form that is valid."""
        values = self.cleaned_data
        return Wanted(
            **self.narrowed,
            way=values["way"],
            rhythm=values["rhythm"],
            on=values["on"],
            audience=values.get("audience", ""),
            webhook=values.get("webhook"),
        )


class OrgRuleForm(OwnRuleForm):
    audience = forms.ChoiceField(
        required=False,
        label="Who",
        choices=[("", "Nobody: a webhook or a chat"), *Rule.Audience.choices],
        help_text="By notice or by mail. Nobody is told who may not see findings.",
    )
    webhook = forms.TypedChoiceField(required=False, label="Webhook or chat", coerce=UUID, empty_value=None)

    def __init__(self, *args: Any, webhooks: Sequence[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        put(self, "webhook", [("", "None"), *webhooks])
        ways = cast("forms.ChoiceField", self.fields["way"])
        ways.choices = Rule.Way.choices
        self.fields["rhythm"].help_text = "Once a day is at 08:00 UTC. To a webhook or chat: once an hour or a day."


def initial(rule: Rule) -> dict[str, Any]:
    """What the editor shows of a rule."""
    return {
        **narrowing(rule),
        "way": rule.way,
        "rhythm": rule.rhythm,
        "on": rule.on,
        "audience": rule.audience,
        "webhook": str(rule.webhook_id or ""),
    }
