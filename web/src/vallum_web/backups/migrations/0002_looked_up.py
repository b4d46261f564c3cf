from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("backups", "0001_initial")]
    operations = [
        migrations.AddField("run", "erased", models.PositiveIntegerField(null=True)),
        migrations.AddField("run", "resurrected", models.PositiveIntegerField(null=True)),
    ]
