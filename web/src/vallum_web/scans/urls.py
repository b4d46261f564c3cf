from django.urls import path

from vallum_web.scans import views

app_name = "scans"
urlpatterns = [
    path("scans/<uuid:scan>/", views.scan, name="scan"),
    path("assets/<uuid:asset>/scan/", views.scan_now, name="scan_now"),
]
