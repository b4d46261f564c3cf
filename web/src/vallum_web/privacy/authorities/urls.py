from django.urls import path

from vallum_web.privacy.authorities import views

app_name = "privacy_authorities"
urlpatterns = [
    path("trust/requests/", views.counts, name="counts"),
    path("operator/authorities/", views.register, name="register"),
    path("operator/authorities/new/", views.receive, name="receive"),
    path("operator/authorities/<uuid:key>/", views.one, name="request"),
    path("operator/authorities/<uuid:key>/gag/", views.gag, name="gag"),
    path("operator/authorities/<uuid:key>/open/", views.opened, name="open"),
    path("operator/authorities/<uuid:key>/file.zip", views.file, name="file"),
    path("operator/authorities/<uuid:key>/manifest.json", views.manifest, name="manifest"),
]
