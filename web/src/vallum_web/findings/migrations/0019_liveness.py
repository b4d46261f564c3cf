"""Whether found secrets still work, as their issuers said, in the record and in the risk. Of what was found before, nobody asked."""

from django.db import migrations, models

# As in 0004, with one fact more. One expression, whole products below 2^53.
SQL = """
drop function vallum_risk(real, real, boolean, smallint, smallint, smallint, smallint);
create function vallum_risk(
  base real, epss real, kev boolean, exposure smallint, importance smallint, reachability smallint, confidence smallint, liveness text
) returns smallint language sql immutable parallel safe as $$
  select floor(100.5::float8 - 100 * ((110 - round(base::float8 * 10)) * 153600000) / (
    (110 - round(base::float8 * 10)) * 153600000
    + round(base::float8 * 10)
      * case when kev then 1200000 when epss is null then 200000 else 100000 + 11 * round(epss::float8 * 100000) end
      * case exposure when 0 then 1 when 2 then 4 else 2 end
      * case reachability when 0 then 1 when 2 then 16 else 8 end
      * case importance when 0 then 1 when 2 then 3 when 3 then 4 else 2 end
      * case confidence when 0 then 1 when 1 then 2 else 3 end
      * case liveness when 'live' then 32 when 'revoked' then 1 else 8 end
  ))::smallint
$$;
"""
REVERSE = """
drop function vallum_risk(real, real, boolean, smallint, smallint, smallint, smallint, text);
create function vallum_risk(
  base real, epss real, kev boolean, exposure smallint, importance smallint, reachability smallint, confidence smallint
) returns smallint language sql immutable parallel safe as $$
  select floor(100.5::float8 - 100 * ((110 - round(base::float8 * 10)) * 19200000) / (
    (110 - round(base::float8 * 10)) * 19200000
    + round(base::float8 * 10)
      * case when kev then 1200000 when epss is null then 200000 else 100000 + 11 * round(epss::float8 * 100000) end
      * case exposure when 0 then 1 when 2 then 4 else 2 end
      * case reachability when 0 then 1 when 2 then 16 else 8 end
      * case importance when 0 then 1 when 2 then 3 when 3 then 4 else 2 end
      * case confidence when 0 then 1 when 1 then 2 else 3 end
  ))::smallint
$$;
"""


class Migration(migrations.Migration):
    dependencies = [("findings", "0018_reachability")]
    operations = [
        migrations.RunSQL(SQL, REVERSE),
        migrations.AddField(
            model_name="finding",
            name="liveness",
            field=models.CharField(
                blank=True,
                choices=[("live", "Live"), ("revoked", "Revoked"), ("unknown", "Unknown")],
                db_default="",
                default="",
                max_length=7,
            ),
        ),
        migrations.AddIndex(
            model_name="finding",
            index=models.Index(
                condition=models.Q(("liveness", ""), _negated=True),
                fields=["org", "liveness", "status", "-risk", "-id"],
                name="finding_by_liveness",
            ),
        ),
    ]
