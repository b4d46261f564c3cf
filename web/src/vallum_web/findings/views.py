"""The worklist and the finding beside it. Every answer is a page, or the part of it that htmx asked for."""

from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django.views.decorators.vary import vary_on_headers

from vallum_web.accounts.access import MemberRequest, may
from vallum_web.findings import queries, services, showing
from vallum_web.findings.forms import CommentForm, EditForm, SuppressForm, ViewForm
from vallum_web.findings.models import Comment, Finding, Identity, View

SHOWN_OF_GROUP = 10


@require_safe
@vary_on_headers("HX-Request", "HX-Target")
@may("findings.read")
def worklist(request: MemberRequest) -> HttpResponse:
    context = showing.worklist(request)
    if not showing.wants_part(request):
        return render(request, "findings/worklist.html", context)
    response = render(request, "findings/_list.html", {**context, "part": True})
    response["HX-Push-Url"] = context["list_url"] + context["query"]
    return response


@require_safe
@vary_on_headers("HX-Request", "HX-Target")
@may("findings.read")
def finding(request: MemberRequest, finding: UUID) -> HttpResponse:
    return showing.beside(request, finding)


@require_safe
@may("findings.read")
def row(request: MemberRequest, finding: UUID) -> HttpResponse:
    """A row as it is now, without the offer to undo."""
    return render(request, "findings/_row.html", showing.row(request, showing.found(request, finding)))


@require_safe
@may("findings.read")
def group(request: MemberRequest) -> HttpResponse:
    """The worst findings of one group, for the list of groups to open in place; `of` names the group, else it is the list."""
    grouped = showing.place(request)
    try:
        narrowed = grouped.within(request.GET.get("of", ""))
    except ValueError:
        return _to_list(request)
    rows = queries.worklist(request.org, narrowed, size=SHOWN_OF_GROUP).rows
    context = {**showing.links(request), "rows": rows, "narrowed": narrowed}
    return render(request, "findings/_group_rows.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@vary_on_headers("HX-Request", "HX-Target")
@may("findings.decide")
def suppress(request: MemberRequest, finding: UUID) -> HttpResponse:
    """The finding with the form open, and what the form sends."""
    if request.method != "POST":
        return showing.beside(request, finding, deciding=True)
    form = SuppressForm(request.POST)
    if not form.is_valid():
        return showing.refused(request, finding, form=form, deciding=True)
    try:
        decision = services.suppress(request.org, finding, request.user.pk, **form.cleaned_data)
    except Finding.DoesNotExist:
        raise Http404 from None
    return showing.changed(request, finding, undo=decision.pk)


@require_POST
@vary_on_headers("HX-Request", "HX-Target")
@may("findings.decide")
def lift(request: MemberRequest, finding: UUID, decision: UUID | None = None) -> HttpResponse:
    """Take back one decision (what Undo offers) or all of them."""
    try:
        services.lift(request.org, finding, request.user.pk, decision=decision)
    except Finding.DoesNotExist:
        raise Http404 from None
    return showing.changed(request, finding, undo=None)


@require_safe
@vary_on_headers("HX-Request", "HX-Target")
@may("findings.read")
def ticket(request: MemberRequest, finding: UUID) -> HttpResponse:
    """The finding with its text for a tracker open."""
    return showing.beside(request, finding, ticketing=True)


@require_http_methods(["GET", "HEAD", "POST"])
@vary_on_headers("HX-Request", "HX-Target")
@may("findings.decide")
def assign(request: MemberRequest, finding: UUID) -> HttpResponse:
    """Give it to a person, a team, or nobody: the finding with the form open, and what the form sends."""
    if request.method != "POST":
        return showing.beside(request, finding, assigning=True)
    form = showing.assign_form(request, request.POST)
    if not form.is_valid():
        return showing.refused(request, finding, assign_form=form, assigning=True)
    try:
        services.assign(request.org, finding, request.user.pk, **form.cleaned_data)
    except Finding.DoesNotExist:
        raise Http404 from None
    return showing.changed(request, finding, undo=None)


@require_POST
@vary_on_headers("HX-Request", "HX-Target")
@may("scans.start")
def check(request: MemberRequest, finding: UUID) -> HttpResponse:
    """Have its issuer asked again: by a scan, to which the panel leads then."""
    try:
        services.check(request.org, finding, request.user.pk)
    except Finding.DoesNotExist:
        raise Http404 from None
    except services.NotCheckableError as error:
        return showing.refused(request, finding, check_refused=str(error))
    return showing.changed(request, finding, undo=None)


@require_POST
@may("findings.decide")
def split(request: MemberRequest, finding: UUID, line: UUID) -> HttpResponse:
    """What was taken for this finding becomes one of its own; its page opens."""
    try:
        own = services.split(request.org, finding, line, request.user.pk)
    except Identity.DoesNotExist:
        raise Http404 from None
    return redirect(reverse("findings:finding", args=[request.org.slug, own.pk]))


@require_POST
@vary_on_headers("HX-Request", "HX-Target")
@may("findings.comment")
def comment(request: MemberRequest, finding: UUID) -> HttpResponse:
    form = CommentForm(request.POST, auto_id="comment-%s")
    if not form.is_valid():
        return showing.refused(request, finding, comment_form=form)
    try:
        services.comment(request.org, finding, request.user.pk, form.cleaned_data["text"])
    except Finding.DoesNotExist:
        raise Http404 from None
    return showing.changed(request, finding, undo=None)


@require_POST
@vary_on_headers("HX-Request", "HX-Target")
@may("findings.comment")
def preview_comment(request: MemberRequest, finding: UUID) -> HttpResponse:
    """A comment as it would be shown; nothing is kept. Without scripts the page comes again with it and what was typed."""
    form = CommentForm(request.POST, auto_id="comment-%s")
    valid = form.is_valid()
    shown = {"preview": form.cleaned_data["text"] if valid else "", "comment_form": form}
    if not showing.wants_part(request):
        return showing.beside(request, finding, **shown)
    showing.found(request, finding)
    return render(request, "findings/_preview.html", shown)


@require_POST
@vary_on_headers("HX-Request", "HX-Target")
@may("findings.comment")
def edit_comment(request: MemberRequest, finding: UUID, comment: UUID) -> HttpResponse:
    form = EditForm(request.POST, auto_id=showing.ids(comment))
    if not form.is_valid():
        return showing.refused(request, finding, editing=comment, edit_form=form)
    try:
        services.edit_comment(request.org, finding, comment, request.user.pk, text=form.cleaned_data["text"])
    except Comment.DoesNotExist:
        raise Http404 from None
    return showing.changed(request, finding, undo=None)


@require_POST
@vary_on_headers("HX-Request", "HX-Target")
@may("findings.comment")
def delete_comment(request: MemberRequest, finding: UUID, comment: UUID) -> HttpResponse:
    try:
        services.delete_comment(request.org, finding, comment, request.user.pk)
    except Comment.DoesNotExist:
        raise Http404 from None
    return showing.changed(request, finding, undo=None)


@require_POST
@may("findings.read")
def save_view(request: MemberRequest) -> HttpResponse:
    """Keep the list that the address names, for oneself."""
    return _saved(request, shared=False)


@require_POST
@may("views.share")
def share_view(request: MemberRequest) -> HttpResponse:
    """The same for everybody in the organization."""
    return _saved(request, shared=True)


def _saved(request: MemberRequest, *, shared: bool) -> HttpResponse:
    form, filters = ViewForm(request.POST, auto_id="view-%s"), showing.place(request)
    if form.is_valid():
        try:
            services.save_view(request.org, request.user.pk, form.cleaned_data["name"], filters, shared=shared)
            return _to_list(request)
        except services.ViewRefusedError as error:
            form.add_error(None, str(error))
    context = {**showing.worklist(request), "view_form": form, "saving": True}
    return render(request, "findings/worklist.html", context, status=showing.UNPROCESSABLE)


@require_POST
@may("findings.read")
def delete_view(request: MemberRequest, view: UUID) -> HttpResponse:
    """One's own."""
    try:
        services.delete_view(request.org, view, request.user.pk)
    except View.DoesNotExist:
        raise Http404 from None
    return _to_list(request)


@require_POST
@may("views.delete")
def delete_shared_view(request: MemberRequest, shared: UUID) -> HttpResponse:
    """Whoever's it is."""
    try:
        services.delete_shared_view(request.org, shared, request.user.pk)
    except View.DoesNotExist:
        raise Http404 from None
    return _to_list(request)


def _to_list(request: MemberRequest) -> HttpResponse:
    return redirect(reverse("findings:worklist", args=[request.org.slug]) + showing.place(request).query())
