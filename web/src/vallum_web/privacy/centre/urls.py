"""A person's privacy page, under /accounts/."""

from django.urls import path

from vallum_web.privacy.centre import person

app_name = "privacy"
urlpatterns = [
    path("", person.centre, name="centre"),
    path("copies/make/", person.make_copy, name="make_copy"),
    path("copies/<uuid:export>/download/", person.download, name="download"),
    path("copies/<uuid:export>/delete/", person.delete_copy, name="delete_copy"),
    path("use/", person.use, name="use"),
    path("objections/", person.object_to, name="object"),
    path("requests/", person.ask, name="ask"),
    path("requests/<uuid:key>/", person.request_page, name="request"),
]
