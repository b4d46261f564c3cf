from django.urls import path

from vallum_web.accounts.usage import views

app_name = "usage"
urlpatterns = [path("settings/usage/", views.of_org, name="of_org")]
