from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("tenancy", "0014_entitlements")]
    operations = [
        migrations.AddField(model_name="org", name="live_checks", field=models.BooleanField(default=False)),
    ]
