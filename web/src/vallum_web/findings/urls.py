from django.urls import path

from vallum_web.findings import views

app_name = "findings"
urlpatterns = [
    path("findings/", views.worklist, name="worklist"),
    path("findings/<uuid:finding>/", views.finding, name="finding"),
    path("findings/<uuid:finding>/row/", views.row, name="row"),
    path("findings/<uuid:finding>/suppress/", views.suppress, name="suppress"),
    path("findings/<uuid:finding>/split/<uuid:identity>/", views.split, name="split"),
    path("findings/<uuid:finding>/lift/", views.lift, name="lift"),
    path("findings/<uuid:finding>/lift/<uuid:decision>/", views.lift, name="undo"),
]
