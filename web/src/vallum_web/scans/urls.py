from django.urls import path

from vallum_web.scans import live_views, views

app_name = "scans"
urlpatterns = [
    path("scans/<uuid:scan>/", views.scan, name="scan"),
    path("settings/live-checks/", live_views.live_checks, name="live_checks"),
    path("settings/live-checks/switch/", live_views.switch_live_checks, name="switch_live_checks"),
    path("assets/<uuid:asset>/scan/", views.scan_now, name="scan_now"),
]
