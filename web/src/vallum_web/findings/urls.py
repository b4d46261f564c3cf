from django.urls import path

from vallum_web.findings import bulk_views, due_views, keeping_views, suppression_views, views, worth_views

app_name = "findings"
urlpatterns = [
    path("findings/", views.worklist, name="worklist"),
    path("findings/group/", views.group, name="group"),
    path("findings/<uuid:finding>/", views.finding, name="finding"),
    path("findings/<uuid:finding>/row/", views.row, name="row"),
    path("findings/<uuid:finding>/ticket/", views.ticket, name="ticket"),
    path("findings/<uuid:finding>/suppress/", views.suppress, name="suppress"),
    path("findings/views/", views.save_view, name="save_view"),
    path("findings/views/shared/", views.share_view, name="share_view"),
    path("findings/views/<uuid:view>/delete/", views.delete_view, name="delete_view"),
    path("findings/views/shared/<uuid:shared>/delete/", views.delete_shared_view, name="delete_shared_view"),
    path("settings/due/", due_views.due_rules, name="due_rules"),
    path("settings/due/change/", due_views.change_due_rules, name="change_due_rules"),
    path("settings/suppression-rules/", suppression_views.suppressions, name="suppressions"),
    path("settings/retention/", keeping_views.keeping, name="keeping"),
    path("settings/retention/going.ics", keeping_views.going, name="going"),
    path("settings/retention/change/", keeping_views.change_keeping, name="change_keeping"),
    path("settings/suppression-rules/new/", suppression_views.new_suppression, name="new_suppression"),
    path(
        "settings/suppression-rules/<uuid:suppression>/lift/",
        suppression_views.lift_suppression,
        name="lift_suppression",
    ),
    path("assets/<uuid:asset>/worth/try/", worth_views.try_worth, name="try_worth"),
    path("findings/bulk/", bulk_views.bulk, name="bulk"),
    path("findings/bulk/<uuid:bulk>/", bulk_views.bulk_run, name="bulk_run"),
    path("findings/bulk/<uuid:bulk>/undo/", bulk_views.bulk_undo, name="bulk_undo"),
    path("findings/<uuid:finding>/check/", views.check, name="check"),
    path("findings/<uuid:finding>/assign/", views.assign, name="assign"),
    path("findings/<uuid:finding>/comments/", views.comment, name="comment"),
    path("findings/<uuid:finding>/comments/preview/", views.preview_comment, name="preview_comment"),
    path("findings/<uuid:finding>/comments/<uuid:comment>/", views.edit_comment, name="edit_comment"),
    path("findings/<uuid:finding>/comments/<uuid:comment>/delete/", views.delete_comment, name="delete_comment"),
    path("findings/<uuid:finding>/split/<uuid:line>/", views.split, name="split"),
    path("findings/<uuid:finding>/lift/", views.lift, name="lift"),
    path("findings/<uuid:finding>/lift/<uuid:decision>/", views.lift, name="undo"),
]
