from django.urls import path

from vallum_web.repositories import views

app_name = "repositories"
urlpatterns = [
    path("assets/add/", views.add, name="add"),
    path("assets/add/archive/", views.upload, name="upload"),
    path("assets/<uuid:asset>/archive/", views.replace, name="replace"),
]
