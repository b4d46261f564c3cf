"""The privacy page of an organization, among its settings."""

from django.urls import path

from vallum_web.privacy.centre import org

app_name = "privacy_org"
urlpatterns = [
    path("settings/privacy/", org.index, name="index"),
    path("settings/privacy/copies/make/", org.make_copy, name="make_copy"),
    path("settings/privacy/copies/<uuid:copy>/download/", org.download, name="download"),
    path("settings/privacy/copies/<uuid:copy>/delete/", org.delete_copy, name="delete_copy"),
]
