from django.urls import path

from vallum_web.operator.suspensions import views

urlpatterns = [
    path("", views.register, name="suspensions"),
    path("new/", views.new, name="suspend"),
    path("<uuid:key>/", views.one, name="suspension"),
]
