from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("findings", "0002_search")]
    operations = [
        migrations.AddIndex(
            model_name="finding",
            index=models.Index(fields=["org", "asset", "status", "severity"], name="finding_asset_severity"),
        )
    ]
