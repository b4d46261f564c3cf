"""Addresses of nobody in particular. A provider is named by its id alone, so that renaming an organization breaks nothing."""

from django.urls import path

from vallum_web.accounts.sso.views import entrance

urlpatterns = [
    path("", entrance.find, name="sso_find"),
    path("at/<slug:who>/", entrance.find, name="sso_at"),
    path("confirm/", entrance.confirm, name="sso_confirm"),
    path("again/", entrance.again, name="sso_again"),
    path("<uuid:provider>/callback/", entrance.callback, name="sso_callback"),
    path("<uuid:provider>/acs/", entrance.acs, name="sso_acs"),
    path("<uuid:provider>/finish/", entrance.finish, name="sso_finish"),
    path("<uuid:provider>/metadata/", entrance.metadata, name="sso_metadata"),
]
