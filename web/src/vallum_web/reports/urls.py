from django.urls import path

from vallum_web.reports import views

app_name = "reports"
urlpatterns = [
    path("exports/", views.exports, name="exports"),
    path("exports/make/", views.make, name="make"),
    path("exports/<uuid:export>/download/", views.download, name="download"),
    path("exports/<uuid:export>/delete/", views.delete, name="delete"),
]
