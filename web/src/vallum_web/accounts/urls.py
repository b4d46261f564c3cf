from django.urls import include, path

from vallum_web.accounts import views
from vallum_web.accounts.audit import views as audit
from vallum_web.accounts.org import egress_views, key_views, limit_views, security, staff_views, team_views
from vallum_web.accounts.org import views as org
from vallum_web.accounts.scim import views as provisioning

app_name = "accounts"
urlpatterns = [
    path("settings/", org.people, name="settings"),
    path("settings/invite/", org.invite, name="invite"),
    path("settings/invitations/<uuid:invitation>/withdraw/", org.withdraw, name="withdraw"),
    path("settings/members/<uuid:member>/role/", org.change_role, name="change_role"),
    path("settings/members/<uuid:member>/remove/", org.remove, name="remove_member"),
    path("settings/roles/", org.roles, name="roles"),
    path("settings/general/", org.general, name="general"),
    path("settings/general/rename/", org.rename, name="rename"),
    path("settings/general/transfer/", org.transfer, name="transfer"),
    path("settings/general/leave/", org.leave, name="leave"),
    path("settings/teams/", team_views.index, name="teams"),
    path("settings/teams/make/", team_views.make, name="make_team"),
    path("settings/teams/<uuid:team>/rename/", team_views.rename, name="rename_team"),
    path("settings/teams/<uuid:team>/delete/", team_views.delete, name="delete_team"),
    path("settings/teams/<uuid:team>/put/", team_views.put, name="put_in_team"),
    path("settings/teams/<uuid:team>/take-out/", team_views.take_out, name="take_out_of_team"),
    path("settings/egress/", egress_views.index, name="egress"),
    path("settings/limits/", limit_views.index, name="limits"),
    path("settings/staff/", staff_views.index, name="staff"),
    path("settings/staff/<uuid:access>/end/", staff_views.end, name="end_staff"),
    path("settings/provisioning/", provisioning.index, name="provisioning"),
    path("settings/provisioning/connect/", provisioning.connect, name="connect_provider"),
    path("settings/provisioning/settle/", provisioning.settle, name="settle_provisioning"),
    path("settings/provisioning/<uuid:connection>/disconnect/", provisioning.disconnect, name="disconnect_provider"),
    path("settings/sso/", include("vallum_web.accounts.sso.urls")),
    path("settings/security/", security.security, name="security"),
    path("settings/security/two-step/", security.ask_for_two_step, name="ask_for_two_step"),
    path("settings/security/two-step/no-longer/", security.no_longer_ask, name="no_longer_ask_for_two_step"),
    path("settings/keys/", key_views.index, name="keys"),
    path("settings/keys/rotate/", key_views.rotate, name="rotate_keys"),
    path("settings/audit/", audit.index, name="audit"),
    path("settings/audit/export/", audit.export_file, name="audit_export"),
    path("settings/audit/<uuid:entry>/", audit.entry, name="audit_entry"),
    path("settings/tokens/", views.token_list, name="tokens"),
    path("settings/tokens/make/", views.make_token, name="make_token"),
    path("settings/tokens/<uuid:token>/revoke/", views.revoke_token, name="revoke_token"),
]
