from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("tenancy", "0017_suspended")]
    operations = [
        migrations.AddField(
            model_name="requestlog",
            name="private",
            field=models.BooleanField(default=False),
        ),
    ]
