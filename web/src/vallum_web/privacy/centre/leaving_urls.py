"""The narrow door of whoever is being deleted, under /accounts/."""

from django.urls import path

from vallum_web.privacy.centre import leaving

urlpatterns = [
    path("leaving/", leaving.entrance, name="leaving"),
    path("leaving/act/", leaving.act, name="leaving_act"),
    path("leaving/copies/<uuid:export>/", leaving.download, name="leaving_copy"),
    path("leaving/orgs/<uuid:key>/", leaving.org, name="leaving_org"),
    path("leaving/orgs/<uuid:key>/act/", leaving.act_for_org, name="leaving_org_act"),
    path("leaving/orgs/<uuid:key>/copies/<uuid:copy>/", leaving.download_of_org, name="leaving_org_copy"),
]
