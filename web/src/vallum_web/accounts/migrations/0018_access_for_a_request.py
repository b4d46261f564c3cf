from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0017_suspended_tokens'),
    ]

    operations = [
        migrations.AddField(
            model_name='staffaccess',
            name='request',
            field=models.UUIDField(null=True),
        ),
    ]
