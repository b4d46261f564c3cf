import vallum_web.tenancy.clock
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('billing', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='PurgedCustomer',
            fields=[
                ('digest', models.BinaryField(max_length=32, primary_key=True, serialize=False)),
                ('at', models.DateTimeField(default=vallum_web.tenancy.clock.now)),
            ],
        ),
        migrations.AlterField(
            model_name='billingeventinbox',
            name='state',
            field=models.CharField(choices=[('waiting', 'Not followed yet'), ('done', 'Followed'), ('ignored', 'Nothing we follow'), ('parked', 'Of no organization that we know'), ('dropped', 'Of a customer who is gone')], default='waiting', max_length=8),
        ),
    ]
