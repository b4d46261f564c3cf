from django.urls import path

from vallum_web.notify import rule_views, views

app_name = "notify"
urlpatterns = [
    path("settings/notifications/", rule_views.listed, name="rules"),
    path("settings/notifications/new/", rule_views.new, name="new_rule"),
    path("settings/notifications/<uuid:rule>/", rule_views.edit, name="rule"),
    path("settings/notifications/<uuid:rule>/delete/", rule_views.delete, name="delete_rule"),
    path("notifications/new/", rule_views.new_own, name="new_own_rule"),
    path("notifications/<uuid:own_rule>/", rule_views.edit_own, name="own_rule"),
    path("notifications/<uuid:own_rule>/delete/", rule_views.delete_own, name="delete_own_rule"),
    path("settings/webhooks/", views.webhooks, name="webhooks"),
    path("settings/webhooks/new/", views.new_webhook, name="new_webhook"),
    path("settings/webhooks/<uuid:webhook>/", views.webhook, name="webhook"),
    path("settings/webhooks/<uuid:webhook>/edit/", views.edit_webhook, name="edit_webhook"),
    path("settings/webhooks/<uuid:webhook>/delete/", views.delete_webhook, name="delete_webhook"),
    path("settings/webhooks/<uuid:webhook>/secret/", views.rotate_webhook, name="rotate_webhook"),
    path("settings/webhooks/<uuid:webhook>/switch/", views.switch_webhook, name="switch_webhook"),
    path("settings/webhooks/<uuid:webhook>/test/", views.test_webhook, name="test_webhook"),
    path("settings/webhooks/deliveries/<uuid:delivery>/", views.delivery, name="delivery"),
    path("settings/webhooks/deliveries/<uuid:delivery>/again/", views.send_again, name="send_again"),
]
