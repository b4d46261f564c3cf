"""What an organization asks of those who owned it also while it is being deleted: its own sign-in, and a second step."""

from typing import cast

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from vallum_web.accounts.models import User
from vallum_web.accounts.queries import lacks_second_step
from vallum_web.accounts.sso import door as sso
from vallum_web.privacy.erasure.models import Deletion
from vallum_web.tenancy import lookups
from vallum_web.tenancy.models import Org
from vallum_web.tenancy.scope import Purpose, meant_for, person, scope


def shut(request: HttpRequest, deletion: Deletion) -> HttpResponse | None:
    """What an owner meets whose session would not open the organization, were it not being deleted."""
    user = cast("User", request.user)
    with meant_for(Purpose.PRIVACY):
        with person(user.pk):
            mine = next((each for each in lookups.my_orgs() if each.id == deletion.subject), None)
        if mine is None:
            raise Http404
        if page := sso.shut(request, user, mine, leaving=True):
            return page
        with scope(mine.id, user=user.pk):
            lacks = lacks_second_step(Org.objects.get(pk=mine.id), user.pk)
    return render(request, "accounts/two_step_wanted.html", {"org_name": mine.name}, status=403) if lacks else None
