from django.urls import path

from vallum_web.privacy.erasure import views

app_name = "erasure"
urlpatterns = [path("settings/delete/", views.delete_org, name="delete_org")]
