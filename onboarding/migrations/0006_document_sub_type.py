from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('onboarding', '0005_account_kinds'),
    ]

    operations = [
        migrations.AddField(
            model_name='document',
            name='sub_type',
            field=models.CharField(blank=True, help_text='which paper it is: passport, …', max_length=40),
        ),
    ]
