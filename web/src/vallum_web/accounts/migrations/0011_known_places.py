"""Networks that accounts were signed in to from: as keyed digests."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0010_acceptances_and_sign_ins'),
    ]

    operations = [
        migrations.CreateModel(
            name='KnownPlace',
            fields=[
                ('digest', models.BinaryField(max_length=16, primary_key=True, serialize=False)),
                ('used_at', models.DateTimeField()),
            ],
        ),
    ]
