"""Which mails a person gets, and when: the page "Mails" of "Your account"."""

from functools import cache
from typing import Any, cast
from zoneinfo import available_timezones

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from vallum_web.accounts.models import User
from vallum_web.mail import kinds, queries, services
from vallum_web.mail.models import Habits

UNPROCESSABLE = 422


@cache  # hundreds of files are looked at
def zones() -> list[str]:
    """Names of time zones as people write them: a place, or UTC."""
    return sorted({"UTC", *(name for name in available_timezones() if "/" in name and not name.startswith("Etc/"))})


class MailsForm(forms.Form):
    wanted = forms.MultipleChoiceField(required=False, label="By mail", widget=forms.CheckboxSelectMultiple)
    zone = forms.ChoiceField(label="Time zone")
    quiet_from = forms.TimeField(
        required=False, label="Quiet from", widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M")
    )
    quiet_until = forms.TimeField(
        required=False,
        label="Quiet until",
        help_text="What can wait then comes in the morning. Leave both empty for no quiet hours.",
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        cast("forms.MultipleChoiceField", self.fields["wanted"]).choices = [
            (kind.id, kind.title) for kind in kinds.optional()
        ]
        cast("forms.ChoiceField", self.fields["zone"]).choices = [(name, name) for name in zones()]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if (cleaned.get("quiet_from") is None) != (cleaned.get("quiet_until") is None):
            raise ValidationError("Quiet hours have a beginning and an end: fill in both, or neither.")
        return cleaned


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def choices(request: HttpRequest) -> HttpResponse:
    user = cast("User", request.user)
    if request.method == "POST":
        form = MailsForm(request.POST)
        if form.is_valid():
            save(user, form.cleaned_data)
            messages.success(request, "Saved.")
            return redirect("mail_choices")
    else:
        now = queries.chosen(user.pk)
        wanted = [kind for kind, want in now.wanted.items() if want]
        form = MailsForm(
            initial={"wanted": wanted, "zone": now.zone, "quiet_from": now.quiet_from, "quiet_until": now.quiet_until}
        )
    essential = [kind for kind in kinds.all_kinds().values() if kind.essential]
    context = {"form": form, "essential": essential}
    return render(request, "accounts/mails.html", context, status=UNPROCESSABLE if form.errors else 200)


def save(user: User, cleaned: dict[str, Any]) -> None:
    services.choose(user.pk, [(kind.id, kind.id in cleaned["wanted"]) for kind in kinds.optional()])
    services.sleep(
        user.pk, Habits(zone=cleaned["zone"], quiet_from=cleaned["quiet_from"], quiet_until=cleaned["quiet_until"])
    )


@login_required
@require_POST
def try_again(request: HttpRequest) -> HttpResponse:
    """The address works, says its owner. If it does not, the next mail comes back and says so again."""
    if services.lift(cast("User", request.user).email):
        messages.success(request, "Mails go to your address again.")
    return redirect("mail_choices")
