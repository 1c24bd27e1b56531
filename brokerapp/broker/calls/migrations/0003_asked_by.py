from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('calls', '0002_without_quiet_reads'),
    ]

    operations = [
        migrations.AddField(
            model_name='apicall',
            name='asked_by_id',
            field=models.BigIntegerField(blank=True, help_text='where that is not the person it is about', null=True, verbose_name='asked for by'),
        ),
    ]
