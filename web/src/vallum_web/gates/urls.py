from django.urls import path

from vallum_web.gates import views

app_name = "gates"
urlpatterns = [
    path("gates/", views.index, name="index"),
    path("gates/new/", views.new, name="new"),
    path("gates/ready/", views.add_ready, name="ready"),
    path("gates/<uuid:gate>/", views.gate, name="gate"),
    path("gates/<uuid:gate>/edit/", views.edit, name="edit"),
    path("gates/<uuid:gate>/delete/", views.delete, name="delete"),
]
