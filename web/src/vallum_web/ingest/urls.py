from django.urls import path

from vallum_web.ingest import views

app_name = "ingest"
urlpatterns = [
    path("import/", views.report, name="report"),
    path("scans/<uuid:scan>/again/", views.again, name="again"),
]
