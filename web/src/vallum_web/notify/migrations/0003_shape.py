from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("notify", "0002_followed")]
    operations = [
        migrations.AddField(
            model_name="webhook",
            name="shape",
            field=models.CharField(
                choices=[("webhook", "Signed webhook"), ("slack", "Slack"), ("teams", "Microsoft Teams")],
                default="webhook",
                max_length=7,
            ),
        ),
    ]
