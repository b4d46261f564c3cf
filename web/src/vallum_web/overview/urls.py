from django.urls import path

from vallum_web.overview import views

app_name = "overview"
urlpatterns = [
    path("", views.home, name="home"),
    path("assets/", views.assets, name="assets"),
    path("assets/<uuid:asset>/", views.asset, name="asset"),
]
