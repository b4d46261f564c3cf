"""The formula of `findings/risk.py` for whole tables: what a feed or an asset changes is weighed anew in one statement.

Ranks are those of the enums: larger is worse, or surer. A fact that is null, or no
rank at all, counts as not known; without a base score there is no risk to tell.
"""

from django.db import migrations

# One expression without a FROM, so that the planner puts it in place. All products are whole numbers below 2^53: a float8
# holds them exactly, and its one division is never close enough to a half to round to the other side.
SQL = """
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
REVERSE = "drop function vallum_risk(real, real, boolean, smallint, smallint, smallint, smallint);"


class Migration(migrations.Migration):
    dependencies = [("findings", "0003_asset_severity")]
    operations = [migrations.RunSQL(SQL, REVERSE)]
