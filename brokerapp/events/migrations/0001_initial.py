import django.core.serializers.json
import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
    ]

    operations = [
        migrations.CreateModel(
            name='StreamCursor',
            fields=[
                ('stream', models.CharField(choices=[('accounts', 'Account status'), ('funding', 'Bank links and transfers'), ('trades', 'Orders and fills'), ('journals', 'Journals')], max_length=20, primary_key=True, serialize=False)),
                ('connected', models.BooleanField(default=False)),
                ('connected_at', models.DateTimeField(blank=True, null=True)),
                ('last_seen_at', models.DateTimeField(blank=True, help_text='last byte, heartbeats included', null=True)),
                ('last_event_at', models.DateTimeField(blank=True, null=True)),
                ('last_event_id', models.CharField(blank=True, max_length=64)),
                ('reconnects', models.PositiveIntegerField(default=0)),
                ('problem', models.CharField(blank=True, max_length=300)),
            ],
            options={
                'ordering': [models.OrderBy(models.F('stream'))],
            },
        ),
        migrations.CreateModel(
            name='BrokerEvent',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('stream', models.CharField(choices=[('accounts', 'Account status'), ('funding', 'Bank links and transfers'), ('trades', 'Orders and fills'), ('journals', 'Journals')], max_length=20)),
                ('event_id', models.CharField(max_length=64, verbose_name='event ID (ULID)')),
                ('account_id', models.UUIDField(blank=True, db_index=True, null=True, verbose_name='account ID at Alpaca')),
                ('payload', models.JSONField(encoder=django.core.serializers.json.DjangoJSONEncoder)),
                ('occurred_at', models.DateTimeField(blank=True, null=True)),
                ('received_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('handled_at', models.DateTimeField(blank=True, null=True)),
                ('outcome', models.CharField(blank=True, help_text='what became of it, if not simply applied', max_length=200)),
                ('attempts', models.PositiveSmallIntegerField(default=0)),
                ('next_try_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('error', models.CharField(blank=True, max_length=500)),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('handled_at__isnull', True)), fields=['next_try_at'], name='event_waiting'), models.Index(fields=['-received_at'], name='event_received')],
                'constraints': [models.UniqueConstraint(fields=('stream', 'event_id'), name='event_stored_once')],
            },
        ),
    ]
