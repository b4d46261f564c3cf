from django.urls import path

from vallum_web.accounts.person import notices

app_name = "notices"
urlpatterns = [
    path("", notices.listed, name="listed"),
    path("read/", notices.read_all, name="read_all"),
    path("<uuid:notice>/", notices.shown, name="shown"),
    path("<uuid:notice>/read/", notices.read, name="read"),
]
