from django.urls import include, path

from vallum_web.operator import attacks, mail, usage, views

app_name = "operator"
urlpatterns = [
    path("", views.index, name="index"),
    path("suspensions/", include("vallum_web.operator.suspensions.urls")),
    path("abuse/", attacks.index, name="attacks"),
    path("abuse/<uuid:attack>/close/", attacks.close, name="close_attack"),
    path("usage/", usage.index, name="usage"),
    path("mail/", mail.delivered, name="mail"),
    path("mail/lift/", mail.lift, name="lift"),
    path("mail/domain/", mail.of_domain, name="mail_domain"),
    path("mail/<uuid:message>/again/", mail.send_again, name="send_again"),
    path("mail/<uuid:message>/reviewed/", mail.reviewed, name="reviewed"),
]
