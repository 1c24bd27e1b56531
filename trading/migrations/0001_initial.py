import django.contrib.postgres.indexes
import django.db.models.deletion
import django.db.models.functions.text
import django.utils.timezone
import uuid
from decimal import Decimal
from django.conf import settings
from django.contrib.postgres.operations import TrigramExtension
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('onboarding', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        TrigramExtension(),
        migrations.CreateModel(
            name='Portfolio',
            fields=[
                ('account', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='portfolio', serialize=False, to='onboarding.brokerageaccount')),
                ('synced_at', models.DateTimeField(blank=True, help_text='when the read began that the rows show', null=True)),
                ('due_at', models.DateTimeField(db_index=True, default=django.utils.timezone.now)),
            ],
        ),
        migrations.CreateModel(
            name='Quote',
            fields=[
                ('symbol', models.CharField(max_length=32, primary_key=True, serialize=False)),
                ('bid', models.DecimalField(blank=True, decimal_places=9, max_digits=24, null=True)),
                ('ask', models.DecimalField(blank=True, decimal_places=9, max_digits=24, null=True)),
                ('last', models.DecimalField(blank=True, decimal_places=9, max_digits=24, null=True)),
                ('previous_close', models.DecimalField(blank=True, decimal_places=9, max_digits=24, null=True)),
                ('as_of', models.DateTimeField(help_text='when the market made these prices')),
                ('synced_at', models.DateTimeField(db_index=True, help_text='when we asked for them')),
                ('looked_at', models.DateTimeField(blank=True, db_index=True, help_text='when a person last wanted them', null=True)),
                ('feed', models.CharField(blank=True, max_length=20)),
            ],
        ),
        migrations.CreateModel(
            name='Asset',
            fields=[
                ('id', models.UUIDField(editable=False, help_text="Alpaca's asset id", primary_key=True, serialize=False)),
                ('symbol', models.CharField(max_length=32)),
                ('name', models.CharField(blank=True, max_length=255)),
                ('exchange', models.CharField(blank=True, max_length=20)),
                ('asset_class', models.CharField(max_length=20)),
                ('status', models.CharField(help_text="Alpaca's word", max_length=20)),
                ('tradable', models.BooleanField()),
                ('fractionable', models.BooleanField()),
                ('marginable', models.BooleanField()),
                ('shortable', models.BooleanField()),
                ('synced_at', models.DateTimeField()),
            ],
            options={
                'ordering': ['symbol'],
                'indexes': [models.Index(fields=['symbol'], name='asset_symbol_prefix', opclasses=['varchar_pattern_ops']), django.contrib.postgres.indexes.GinIndex(django.contrib.postgres.indexes.OpClass(django.db.models.functions.text.Upper('name'), name='gin_trgm_ops'), name='asset_name_contains')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('status', 'active')), fields=('symbol',), name='asset_symbol_active_once')],
            },
        ),
        migrations.CreateModel(
            name='MarketClock',
            fields=[
                ('id', models.SmallAutoField(primary_key=True, serialize=False)),
                ('is_open', models.BooleanField()),
                ('next_open', models.DateTimeField()),
                ('next_close', models.DateTimeField()),
                ('synced_at', models.DateTimeField()),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('id', 1)), name='market_clock_one_row')],
            },
        ),
        migrations.CreateModel(
            name='Order',
            fields=[
                ('status_reason', models.CharField(blank=True, max_length=500)),
                ('last_request_id', models.CharField(blank=True, db_index=True, max_length=64, verbose_name='last Request ID')),
                ('status_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('client_order_id', models.CharField(editable=False, max_length=128, unique=True)),
                ('status', models.CharField(choices=[('SUBMITTING', 'Sending'), ('UNKNOWN', 'Checking with the broker'), ('NOT_PLACED', 'Not placed'), ('ACCEPTED', 'Accepted'), ('PENDING_NEW', 'Accepted'), ('ACCEPTED_FOR_BIDDING', 'Accepted'), ('PENDING_REVIEW', 'In review'), ('NEW', 'Working'), ('PARTIALLY_FILLED', 'Part filled'), ('FILLED', 'Filled'), ('DONE_FOR_DAY', 'Done for the day'), ('CALCULATED', 'Done for the day'), ('HELD', 'Held'), ('STOPPED', 'Working'), ('SUSPENDED', 'Suspended'), ('PENDING_CANCEL', 'Cancel requested'), ('PENDING_REPLACE', 'Change requested'), ('CANCELED', 'Canceled'), ('EXPIRED', 'Expired'), ('REPLACED', 'Replaced'), ('REJECTED', 'Rejected')], default='SUBMITTING', max_length=24)),
                ('symbol', models.CharField(help_text='as it was sent', max_length=32)),
                ('side', models.CharField(choices=[('BUY', 'Buy'), ('SELL', 'Sell')], max_length=4)),
                ('type', models.CharField(choices=[('MARKET', 'Market'), ('LIMIT', 'Limit')], default='MARKET', max_length=6)),
                ('time_in_force', models.CharField(choices=[('DAY', 'Today'), ('GTC', 'Until canceled')], default='DAY', max_length=3)),
                ('qty', models.DecimalField(blank=True, decimal_places=9, max_digits=24, null=True)),
                ('notional', models.DecimalField(blank=True, decimal_places=2, max_digits=14, null=True)),
                ('limit_price', models.DecimalField(blank=True, decimal_places=9, max_digits=24, null=True)),
                ('broker_order_id', models.UUIDField(blank=True, null=True, unique=True)),
                ('broker_status', models.CharField(blank=True, help_text="Alpaca's word", max_length=40)),
                ('broker_updated_at', models.DateTimeField(blank=True, null=True)),
                ('filled_qty', models.DecimalField(decimal_places=9, default=Decimal('0'), max_digits=24)),
                ('filled_avg_price', models.DecimalField(blank=True, decimal_places=9, max_digits=24, null=True)),
                ('recorded_qty', models.DecimalField(decimal_places=9, default=Decimal('0'), help_text="the sum of this order's fills", max_digits=24)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('synced_at', models.DateTimeField(blank=True, null=True)),
                ('cancel_requested_at', models.DateTimeField(blank=True, null=True)),
                ('submitted_at', models.DateTimeField(blank=True, null=True)),
                ('filled_at', models.DateTimeField(blank=True, null=True)),
                ('canceled_at', models.DateTimeField(blank=True, null=True)),
                ('expired_at', models.DateTimeField(blank=True, null=True)),
                ('failed_at', models.DateTimeField(blank=True, null=True)),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='orders', to='onboarding.brokerageaccount')),
                ('asset', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='orders', to='trading.asset')),
                ('cancel_requested_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='orders', to=settings.AUTH_USER_MODEL)),
            ],
        ),
        migrations.CreateModel(
            name='Fill',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('cum_qty', models.DecimalField(decimal_places=9, help_text='of the order, this fill included', max_digits=24)),
                ('qty', models.DecimalField(decimal_places=9, max_digits=24)),
                ('price', models.DecimalField(decimal_places=9, max_digits=24)),
                ('at', models.DateTimeField()),
                ('execution_id', models.CharField(blank=True, max_length=64, null=True, unique=True)),
                ('activity_id', models.CharField(blank=True, max_length=64, null=True, unique=True)),
                ('order', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='fills', to='trading.order')),
            ],
            options={
                'ordering': ['at', 'cum_qty'],
            },
        ),
        migrations.CreateModel(
            name='Position',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('symbol', models.CharField(max_length=32)),
                ('qty', models.DecimalField(decimal_places=9, max_digits=24)),
                ('avg_entry_price', models.DecimalField(decimal_places=9, max_digits=24)),
                ('cost_basis', models.DecimalField(decimal_places=9, help_text='USD', max_digits=24, verbose_name='cost')),
                ('synced_at', models.DateTimeField()),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='positions', to='onboarding.brokerageaccount')),
                ('asset', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='positions', to='trading.asset')),
            ],
            options={
                'ordering': ['symbol'],
            },
        ),
        migrations.AddIndex(
            model_name='order',
            index=models.Index(fields=['account', '-created_at'], name='order_of_account'),
        ),
        migrations.AddIndex(
            model_name='order',
            index=models.Index(condition=models.Q(('status__in', ('SUBMITTING', 'UNKNOWN'))), fields=['status_at'], name='order_unsettled'),
        ),
        migrations.AddIndex(
            model_name='order',
            index=models.Index(condition=models.Q(('status__in', ('ACCEPTED', 'PENDING_NEW', 'ACCEPTED_FOR_BIDDING', 'PENDING_REVIEW', 'NEW', 'PARTIALLY_FILLED', 'DONE_FOR_DAY', 'CALCULATED', 'HELD', 'STOPPED', 'SUSPENDED', 'PENDING_CANCEL', 'PENDING_REPLACE'))), fields=['synced_at'], name='order_working'),
        ),
        migrations.AddIndex(
            model_name='order',
            index=models.Index(condition=models.Q(('filled_qty__gt', models.F('recorded_qty'))), fields=['synced_at'], name='order_missing_fills'),
        ),
        migrations.AddConstraint(
            model_name='order',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('notional__isnull', True), ('qty__gt', 0), ('qty__isnull', False)), models.Q(('notional__gt', 0), ('notional__isnull', False), ('qty__isnull', True)), _connector='OR'), name='order_qty_or_notional'),
        ),
        migrations.AddConstraint(
            model_name='order',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('limit_price__gt', 0), ('limit_price__isnull', False), ('type', 'LIMIT')), models.Q(('limit_price__isnull', True), ('type', 'MARKET')), _connector='OR'), name='order_limit_has_price'),
        ),
        migrations.AddConstraint(
            model_name='order',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('cancel_requested_at__isnull', True), ('cancel_requested_by__isnull', True)), models.Q(('cancel_requested_at__isnull', False), ('cancel_requested_by__isnull', False)), _connector='OR'), name='order_cancel_has_person'),
        ),
        migrations.AddConstraint(
            model_name='order',
            constraint=models.CheckConstraint(condition=models.Q(('filled_qty__gte', 0), ('recorded_qty__gte', 0)), name='order_filled_not_negative'),
        ),
        migrations.AddConstraint(
            model_name='order',
            constraint=models.CheckConstraint(condition=models.Q(('status__in', ('SUBMITTING', 'UNKNOWN', 'NOT_PLACED')), ('status', 'REJECTED'), ('broker_order_id__isnull', False), _connector='OR'), name='order_at_broker_has_id'),
        ),
        migrations.AddConstraint(
            model_name='fill',
            constraint=models.UniqueConstraint(fields=('order', 'cum_qty'), name='fill_told_once'),
        ),
        migrations.AddConstraint(
            model_name='fill',
            constraint=models.CheckConstraint(condition=models.Q(('cum_qty__gte', models.F('qty')), ('price__gt', 0), ('qty__gt', 0)), name='fill_positive'),
        ),
        migrations.AddConstraint(
            model_name='fill',
            constraint=models.CheckConstraint(condition=models.Q(('execution_id__isnull', False), ('activity_id__isnull', False), _connector='OR'), name='fill_has_source'),
        ),
        migrations.AddConstraint(
            model_name='position',
            constraint=models.UniqueConstraint(fields=('account', 'symbol'), name='position_once'),
        ),
    ]
