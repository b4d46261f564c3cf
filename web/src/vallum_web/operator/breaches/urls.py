from django.urls import path, re_path

from vallum_web.operator.breaches import views

app_name = "operator_breaches"
urlpatterns = [
    path("", views.register, name="register"),
    re_path(r"^register\.(?P<form>csv|json)$", views.exported, name="exported"),
    path("new/", views.record, name="record"),
    path("<uuid:key>/", views.incident, name="incident"),
    path("<uuid:key>/facts/", views.facts, name="facts"),
    path("<uuid:key>/people/", views.reached, name="reached"),
    path("<uuid:key>/settle/", views.settle, name="settle"),
    path("<uuid:key>/tell/", views.tell, name="tell"),
    path("<uuid:key>/authority.txt", views.paper, name="paper"),
    path("<uuid:key>/authority/", views.handed_in, name="handed_in"),
    path("<uuid:key>/publish/", views.publish, name="publish"),
    path("<uuid:key>/close/", views.close, name="close"),
]
