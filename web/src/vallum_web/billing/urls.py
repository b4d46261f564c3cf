from django.urls import path

from vallum_web.billing import views
from vallum_web.billing.views import changes

app_name = "billing"
urlpatterns = [
    path("settings/plan/", views.plan, name="plan"),
    path("settings/plan/smaller/free/", views.smaller, {"plan": "free"}, name="smaller"),
    path("settings/plan/smaller/pro/", views.smaller, {"plan": "pro"}, name="smaller"),
    path("settings/plan/live/", views.live, name="live"),
    path("settings/plan/trial/", views.trial, name="trial"),
    path("settings/plan/subscribe/", changes.subscribe, name="subscribe"),
    path("settings/plan/away/<uuid:command>/", changes.away, name="away"),
    path("settings/plan/back/", changes.back, name="back"),
    path("settings/plan/portal/", changes.portal, name="portal"),
    path("settings/plan/seats/", changes.seats, name="seats"),
    path("settings/plan/period/", changes.period, name="period"),
    path("settings/plan/cancel/", changes.cancel, name="cancel"),
    path("settings/plan/withdraw/", changes.withdraw, name="withdraw"),
    path("settings/plan/resume/", changes.resume, name="resume"),
    path("settings/plan/planned/<uuid:command>/take-back/", changes.take_back, name="take_back"),
]
