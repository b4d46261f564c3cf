"""For anybody, with or without an account."""

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from vallum_web.accounts.subscribers import services
from vallum_web.accounts.subscribers.models import Subscriber

UNPROCESSABLE = 422


class AddressForm(forms.Form):
    email = forms.EmailField(label="Your e-mail address", max_length=254)


@require_http_methods(["GET", "HEAD", "POST"])
def ask(request: HttpRequest) -> HttpResponse:
    """The same answer whoever the address belongs to."""
    form = AddressForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        services.ask(form.cleaned_data["email"])
        return redirect("subscribers:asked")
    return render(request, "subscribers/ask.html", {"form": form}, status=UNPROCESSABLE if form.errors else 200)


@require_safe
def asked(request: HttpRequest) -> HttpResponse:
    return render(request, "subscribers/asked.html")


@require_http_methods(["GET", "HEAD", "POST"])
def mine(request: HttpRequest, key: str) -> HttpResponse:
    """Looking changes nothing: mail programs follow links before people do. One button confirms, and one ends it."""
    try:
        row = services.by_link(key)
        if request.method == "POST":
            if "end" in request.POST:
                services.end(key)
                return render(request, "subscribers/ended.html")
            if "confirm" in request.POST:
                services.confirm(key)
            return redirect("subscribers:mine", key=key)
    except Subscriber.DoesNotExist:
        raise Http404 from None
    return render(request, "subscribers/mine.html", {"row": row})
