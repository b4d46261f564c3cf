from django.urls import path

from vallum_web.operator.notices import processors, views

app_name = "operator_notices"
urlpatterns = [
    path("notices/", views.index, name="index"),
    path("notices/successor/", views.successor, name="successor"),
    path("notices/letter/", views.letter, name="letter"),
    path("notices/text/<slug:name>/", views.version, name="version"),
    path("notices/<uuid:key>/", views.shown, name="shown"),
    path("notices/<uuid:key>/withdraw/", views.withdraw, name="withdraw"),
    path("notices/<uuid:key>/handed-over/", views.hand_over, name="hand_over"),
    path("sub-processors/", processors.index, name="processors"),
    path("sub-processors/<slug:party>/announce/", processors.announce_again, name="announce_again"),
    path("sub-processors/<uuid:transfer>/end/", processors.end, name="end_transfer"),
]
