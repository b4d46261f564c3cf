"""The keys of one statement's rows, counted from one beginning."""

from django.db import migrations

CREATE = """
create function vallum_key(series text, counted bigint) returns uuid language sql immutable parallel safe
  as $$ select (series || lpad(to_hex(counted), 12, '0'))::uuid $$
"""


class Migration(migrations.Migration):
    dependencies = [("tenancy", "0012_references")]
    operations = [migrations.RunSQL(CREATE, "drop function vallum_key(text, bigint)")]
