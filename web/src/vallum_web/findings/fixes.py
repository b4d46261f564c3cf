"""What makes findings ones that the same fix ends: an expression over a finding's row, which the database keeps."""

from django.db.models import Case, Q, TextField, Value, When
from django.db.models.fields.json import KT
from django.db.models.functions import MD5, Concat

_UPGRADE = Concat("package", Value(" > "), KT("data__remediation__upgrade_to"), output_field=TextField())
_RULE = Concat(Value("rule "), "rule", output_field=TextField())

# An upgrade of one version of one package where there is one; else whatever ends one rule's findings.
FIX = MD5(Case(When(~Q(package="") & Q(data__remediation__upgrade_to__gt=""), then=_UPGRADE), default=_RULE))
