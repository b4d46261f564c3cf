from django.urls import path

from vallum_web.mail import views

app_name = "mail"
urlpatterns = [path("", views.inbox, name="inbox")]
