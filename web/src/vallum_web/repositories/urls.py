from django.urls import path

from vallum_web.repositories import views
from vallum_web.repositories.views import credentials

app_name = "repositories"
urlpatterns = [
    path("assets/add/", views.add, name="add"),
    path("assets/add/archive/", views.upload, name="upload"),
    path("assets/<uuid:asset>/archive/", views.replace, name="replace"),
    path("assets/<uuid:asset>/token/", credentials.show, name="credential"),
    path("assets/<uuid:asset>/token/remove/", credentials.remove, name="remove_credential"),
]
