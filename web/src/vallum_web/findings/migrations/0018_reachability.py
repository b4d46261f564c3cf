"""Whether own code gets to what is vulnerable, as scans say it. Of what was found before, nobody looked."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("findings", "0017_search_beside")]
    operations = [
        migrations.AddField(
            model_name="finding",
            name="reachability",
            field=models.PositiveSmallIntegerField(db_default=1, default=1),
        ),
    ]
