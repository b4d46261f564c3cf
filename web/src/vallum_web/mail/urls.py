from django.urls import path

from vallum_web.mail import leaving

app_name = "mail"
urlpatterns = [path("<str:key>/", leaving.leave, name="leave")]
