"""An organization's own settings: its members, invitations, name and address, and its handing over."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from vallum_web.accounts import queries
from vallum_web.accounts.access import MemberRequest, may
from vallum_web.accounts.forms import OrgForm
from vallum_web.accounts.matrix import Role, actions, at_most
from vallum_web.accounts.models import Membership
from vallum_web.accounts.org.forms import InviteForm, RoleForm, TransferForm
from vallum_web.accounts.services import AlreadyMemberError, SlugTakenError, invitations, members
from vallum_web.tenancy import entitlements

UNPROCESSABLE = 422


@require_safe
@may("org.read")
def people(request: MemberRequest) -> HttpResponse:
    return _people(request, InviteForm(holder=request.role))


@require_POST
@may("members.invite")
def invite(request: MemberRequest) -> HttpResponse:
    form = InviteForm(request.POST, holder=request.role)
    if form.is_valid():
        try:
            invitations.invite(request.org, _me(request), **form.cleaned_data)
            messages.success(request, f"The invitation to {form.cleaned_data['email']} is on its way.")
            return redirect("accounts:settings", org=request.org.slug)
        except AlreadyMemberError:
            form.add_error("email", "This person is a member already.")
        except invitations.NotInvitedError as error:
            form.add_error("role", str(error))
    return _people(request, form, status=UNPROCESSABLE)


@require_POST
@may("members.invite")
def withdraw(request: MemberRequest, invitation: UUID) -> HttpResponse:
    if not invitations.withdraw(request.org, request.user.pk, invitation):
        raise Http404
    messages.success(request, "The invitation is withdrawn: its link opens nothing any more.")
    return redirect("accounts:settings", org=request.org.slug)


@require_POST
@may("members.change")
def change_role(request: MemberRequest, member: UUID) -> HttpResponse:
    form = RoleForm(request.POST, holder=request.role)
    try:
        queries.member_by_key(request.org, member)
        if not form.is_valid():
            return _refused(request, "Choose one of the roles up to your own.")
        changed = members.change_role(request.org, _me(request), member, form.cleaned_data["role"])
    except Membership.DoesNotExist:
        raise Http404 from None
    except members.RefusedError as error:
        return _refused(request, str(error))
    messages.success(request, f"{changed.user} now has the role {changed.get_role_display()}.")
    return redirect("accounts:settings", org=request.org.slug)


@require_POST
@may("members.remove")
def remove(request: MemberRequest, member: UUID) -> HttpResponse:
    try:
        gone = members.remove(request.org, _me(request), member)
    except Membership.DoesNotExist:
        raise Http404 from None
    except members.RefusedError as error:
        return _refused(request, str(error))
    if gone.user_id == request.user.pk:
        return redirect("start")
    messages.success(request, f"{gone.user} is no longer a member; tokens they made have stopped working.")
    return redirect("accounts:settings", org=request.org.slug)


@require_safe
@may("org.read")
def roles(request: MemberRequest) -> HttpResponse:
    rows = [{"action": row, "marks": [role in row.roles for role in Role]} for row in actions().values()]
    return render(request, "accounts/roles.html", {"roles": list(Role), "actions": rows})


@require_safe
@may("org.read")
def general(request: MemberRequest) -> HttpResponse:
    return _general(request, _rename_form(request))


@require_POST
@may("org.rename")
def rename(request: MemberRequest) -> HttpResponse:
    form = OrgForm(request.POST, org=request.org)
    if form.is_valid():
        try:
            org = members.rename(request.org, request.user.pk, **form.cleaned_data)
            messages.success(request, "Saved. The former address leads members on for 90 days.")
            return redirect("accounts:general", org=org.slug)
        except SlugTakenError:
            form.add_error("slug", "This address is taken: choose another one.")
    return _general(request, form, status=UNPROCESSABLE)


@require_http_methods(["GET", "HEAD", "POST"])
@may("org.transfer")
def transfer(request: MemberRequest) -> HttpResponse:
    heirs = [
        (str(member.pk), f"{member.user} ({member.get_role_display()})")
        for member in queries.members(request.org)
        if member.user_id != request.user.pk
    ]
    if request.method != "POST":
        return render(request, "accounts/transfer.html", {"form": TransferForm(heirs=heirs), "heirs": heirs})
    form = TransferForm(request.POST, heirs=heirs)
    if form.is_valid():
        try:
            heir = members.transfer(request.org, _me(request), UUID(form.cleaned_data["member"]))
            messages.success(request, f"{heir.user} is an owner now; you are an admin.")
            return redirect("accounts:general", org=request.org.slug)
        except members.RefusedError as error:
            form.add_error("member", str(error))
        except Membership.DoesNotExist:
            form.add_error("member", "This person has left meanwhile: choose somebody else.")
    return render(request, "accounts/transfer.html", {"form": form, "heirs": heirs}, status=UNPROCESSABLE)


@require_POST
@may("org.leave")
def leave(request: MemberRequest) -> HttpResponse:
    try:
        members.leave(request.org, request.user)
    except members.RefusedError as error:
        messages.error(request, str(error))
        return redirect("accounts:general", org=request.org.slug)
    messages.success(request, f"You have left {request.org.name}.")
    return redirect("start")


def _me(request: MemberRequest) -> Membership:
    return queries.member(request.org, request.user.pk)


def _people(request: MemberRequest, form: InviteForm, status: int = 200) -> HttpResponse:
    invited = list(queries.open_invitations(request.org))
    context: dict[str, Any] = {
        "members": list(queries.members(request.org)),
        "reach": at_most(request.role),
        "invitations": invited if "members.invite" in request.may else [],
        "form": form,
        "seats": entitlements.of(request.org).seats,
    }
    return render(request, "accounts/settings.html", context, status=status)


def _general(request: MemberRequest, form: OrgForm, status: int = 200) -> HttpResponse:
    count = queries.members(request.org).count()
    entitled = entitlements.of(request.org)
    context = {
        "form": form,
        "plan": entitled.plan,
        "seats": entitled.seats,
        "count": count,
    }
    return render(request, "accounts/general.html", context, status=status)


def _rename_form(request: MemberRequest) -> OrgForm:
    return OrgForm(initial={"name": request.org.name, "slug": request.org.slug}, org=request.org)


def _refused(request: MemberRequest, why: str) -> HttpResponse:
    messages.error(request, why)
    return _people(request, InviteForm(holder=request.role), status=UNPROCESSABLE)
