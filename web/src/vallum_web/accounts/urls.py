from django.urls import path

from vallum_web.accounts import views

app_name = "accounts"
urlpatterns = [
    path("settings/", views.settings, name="settings"),
    path("settings/tokens/", views.make_token, name="make_token"),
    path("settings/tokens/<uuid:token>/revoke/", views.revoke_token, name="revoke_token"),
]
