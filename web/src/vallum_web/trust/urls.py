from django.urls import path

from vallum_web.trust import views

app_name = "trust"
urlpatterns = [
    path("", views.index, name="index"),
    path("badge.svg", views.badge, name="badge"),
]
