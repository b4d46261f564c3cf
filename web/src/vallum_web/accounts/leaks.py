"""Where anybody who found one of our tokens in public makes it stop working. Knowing the token is proof enough."""

import json

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from vallum_web.accounts import tokens
from vallum_web.accounts.forms import LeakForm

MOST = 100
LARGEST = 64 << 10
THANKS = "Thank you. What was a token of ours has stopped working, and its owners are told."


@csrf_exempt  # no cookie counts here: who knows the token may end it, from any page and any program
@require_http_methods(["GET", "HEAD", "POST"])
def report(request: HttpRequest) -> HttpResponse:
    """The same answer whether it was a token of ours or not: this page is nobody's oracle."""
    if request.method != "POST":
        return render(request, "accounts/leaked_token.html", {"form": LeakForm()})
    if request.content_type == "application/json":
        found = _texts(request)
        if found is None:
            detail = f'Send {{"token": "vlm_…"}}, or a list of at most {MOST} of them.'
            return JsonResponse({"detail": detail}, status=422)
        for text in found:
            tokens.report_leaked(text)
        return JsonResponse({"detail": THANKS}, status=202)
    form = LeakForm(request.POST)
    if form.is_valid():
        tokens.report_leaked(form.cleaned_data["token"])
        return render(request, "accounts/leaked_token.html", {"thanks": THANKS})
    return render(request, "accounts/leaked_token.html", {"form": form}, status=422)


def _texts(request: HttpRequest) -> list[str] | None:
    if len(request.body) > LARGEST:
        return None
    try:
        sent = json.loads(request.body)
    except (ValueError, RecursionError):
        return None
    items = sent if isinstance(sent, list) else [sent]
    texts = [item.get("token") for item in items if isinstance(item, dict)]
    whole = len(texts) == len(items) and 0 < len(items) <= MOST and all(isinstance(text, str) for text in texts)
    return [str(text) for text in texts] if whole else None
