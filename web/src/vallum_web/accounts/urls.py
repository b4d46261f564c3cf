from django.urls import path

from vallum_web.accounts import views

app_name = "accounts"
urlpatterns = [
    path("settings/", views.settings, name="settings"),
    path("settings/tokens/", views.token_list, name="tokens"),
    path("settings/tokens/make/", views.make_token, name="make_token"),
    path("settings/tokens/<uuid:token>/revoke/", views.revoke_token, name="revoke_token"),
]
