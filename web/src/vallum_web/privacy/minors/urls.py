from django.urls import path

from vallum_web.privacy.minors import views

app_name = "privacy_minors"
urlpatterns = [
    path("privacy/minors/", views.report, name="report"),
    path("operator/minors/", views.desk, name="desk"),
    path("operator/minors/<uuid:key>/", views.desk, name="of_report"),
]
