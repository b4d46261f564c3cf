from django.urls import path

from vallum_web.privacy.requests import views

app_name = "privacy_requests"
urlpatterns = [
    path("privacy/", views.intake, name="intake"),
    path("privacy/sent/", views.sent, name="sent"),
    path("privacy/requests/<str:key>/", views.status, name="status"),
    path("operator/requests/", views.register, name="register"),
    path("operator/requests/<uuid:key>/", views.work, name="work"),
    path("operator/requests/<uuid:key>/end-restriction/", views.end_restriction, name="end_restriction"),
]
