"""How an organization is used, for whoever owns or runs it; and the empty picture that a sign-in page asks for."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from vallum_web.accounts.access import MemberRequest, may
from vallum_web.accounts.usage import queries, services
from vallum_web.accounts.usage.models import ScreenBucket
from vallum_web.tenancy import clock
from vallum_web.tenancy.requestlog.signal import asks_not_to_be_followed
from vallum_web.ui import charts

EMPTY = '<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1"/>'
BUCKETS = frozenset(ScreenBucket.Bucket.values)


@require_safe
@may("usage.read")
def of_org(request: MemberRequest) -> HttpResponse:
    use = queries.of_org(request.org, clock.now())
    names = [f"{day:%Y-%m-%d}" for day in use.days]
    chart = charts.lines({"In browsers": use.people, "By programs": use.machines}, names)
    days = list(zip(names, use.people, use.machines, strict=True))
    return render(request, "usage/org.html", {"use": use, "chart": chart, "days": days[::-1]})


@require_safe
def screen(request: HttpRequest, bucket: str) -> HttpResponse:
    """A browser keeps the picture for an hour: whoever mistypes a password is one window."""
    if bucket not in BUCKETS:
        raise Http404
    if not asks_not_to_be_followed(request.headers):
        services.saw(ScreenBucket.Bucket(bucket))
    return HttpResponse(EMPTY, content_type="image/svg+xml", headers={"Cache-Control": "private, max-age=3600"})
