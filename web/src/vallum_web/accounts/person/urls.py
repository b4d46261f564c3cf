"""A person's own addresses, under /accounts/ beside those of allauth."""

from django.urls import path

from vallum_web.accounts.person import views

urlpatterns = [
    path("profile/", views.profile, name="profile"),
]
