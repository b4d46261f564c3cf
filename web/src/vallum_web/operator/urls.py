from django.urls import path

from vallum_web.operator import views

app_name = "operator"
urlpatterns = [path("", views.index, name="index")]
