from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("scans", "0006_fill_latest")]
    operations = [
        migrations.AddField(
            model_name="scan",
            name="asking",
            field=models.CharField(
                blank=True,
                choices=[("on", "On"), ("unable", "Not possible on this machine")],
                db_default="",
                default="",
                max_length=6,
            ),
        ),
    ]
