from django.urls import path

from vallum_web.assets import views

app_name = "assets"
urlpatterns = [
    path("assets/<uuid:asset>/team/", views.own, name="own"),
    path("assets/<uuid:asset>/worth/", views.change, name="change"),
]
