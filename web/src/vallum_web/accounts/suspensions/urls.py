from django.urls import path

from vallum_web.accounts.suspensions import views

app_name = "suspensions"
urlpatterns = [
    path("settings/suspension/", views.of_org, name="org"),
    path("settings/suspension/appeal/", views.appeal, name="appeal"),
]
