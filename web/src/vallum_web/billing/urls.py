from django.urls import path

from vallum_web.billing import views

app_name = "billing"
urlpatterns = [
    path("settings/plan/", views.plan, name="plan"),
    path("settings/plan/smaller/<slug:plan>/", views.smaller, name="smaller"),
]
