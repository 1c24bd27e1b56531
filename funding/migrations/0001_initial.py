import brokerapp.crypto
import django.db.models.deletion
import django.utils.timezone
import uuid
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("onboarding", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="BankLink",
            fields=[
                ("status_reason", models.CharField(blank=True, max_length=500)),
                (
                    "last_request_id",
                    models.CharField(
                        blank=True, db_index=True, max_length=64, verbose_name="last Request ID"
                    ),
                ),
                ("status_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("SUBMITTING", "Sending"),
                            ("UNKNOWN", "Checking with the broker"),
                            ("QUEUED", "Being approved"),
                            ("PENDING", "Being approved"),
                            ("APPROVED", "Linked"),
                            ("REJECTED", "Refused"),
                            ("CANCEL_REQUESTED", "Being unlinked"),
                            ("CANCELED", "Unlinked"),
                        ],
                        default="SUBMITTING",
                        max_length=20,
                    ),
                ),
                ("broker_status", models.CharField(blank=True, max_length=40)),
                (
                    "relationship_id",
                    models.UUIDField(
                        blank=True, null=True, unique=True, verbose_name="relationship ID at Alpaca"
                    ),
                ),
                ("broker_updated_at", models.DateTimeField(blank=True, null=True)),
                ("account_owner_name", models.CharField(max_length=120)),
                (
                    "bank_account_type",
                    models.CharField(
                        choices=[("CHECKING", "Checking"), ("SAVINGS", "Savings")], max_length=10
                    ),
                ),
                ("bank_account_number", brokerapp.crypto.EncryptedTextField()),
                ("bank_routing_number", brokerapp.crypto.EncryptedTextField()),
                ("last4", models.CharField(max_length=4, verbose_name="last four digits")),
                ("nickname", models.CharField(blank=True, max_length=50)),
                ("bank_name", models.CharField(blank=True, max_length=60)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("synced_at", models.DateTimeField(blank=True, null=True)),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="bank_links",
                        to="onboarding.brokerageaccount",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="bank_links",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Transfer",
            fields=[
                ("status_reason", models.CharField(blank=True, max_length=500)),
                (
                    "last_request_id",
                    models.CharField(
                        blank=True, db_index=True, max_length=64, verbose_name="last Request ID"
                    ),
                ),
                ("status_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("id", models.UUIDField(editable=False, primary_key=True, serialize=False)),
                (
                    "direction",
                    models.CharField(
                        choices=[("INCOMING", "Deposit"), ("OUTGOING", "Withdrawal")], max_length=10
                    ),
                ),
                ("amount", models.DecimalField(decimal_places=2, max_digits=14, verbose_name="amount, USD")),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("SUBMITTING", "Sending"),
                            ("UNKNOWN", "Checking with the broker"),
                            ("QUEUED", "Queued"),
                            ("APPROVAL_PENDING", "In review"),
                            ("PENDING", "In progress"),
                            ("SENT_TO_CLEARING", "With the banks"),
                            ("APPROVED", "Approved"),
                            ("COMPLETE", "Complete"),
                            ("REJECTED", "Refused"),
                            ("CANCELED", "Canceled"),
                            ("RETURNED", "Returned by the bank"),
                            ("EXPIRED", "Expired"),
                        ],
                        default="SUBMITTING",
                        max_length=20,
                    ),
                ),
                ("broker_status", models.CharField(blank=True, max_length=40)),
                (
                    "broker_transfer_id",
                    models.UUIDField(
                        blank=True, null=True, unique=True, verbose_name="transfer ID at Alpaca"
                    ),
                ),
                ("broker_updated_at", models.DateTimeField(blank=True, null=True)),
                (
                    "expected_on",
                    models.DateField(
                        help_text="what the person was told, New York date", verbose_name="expected by"
                    ),
                ),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "send_claimed_at",
                    models.DateTimeField(
                        blank=True,
                        help_text="when a process took on the one call that creates it at Alpaca",
                        null=True,
                    ),
                ),
                ("completed_at", models.DateTimeField(blank=True, null=True)),
                ("synced_at", models.DateTimeField(blank=True, null=True)),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="transfers",
                        to="onboarding.brokerageaccount",
                    ),
                ),
                (
                    "bank_link",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="transfers",
                        to="funding.banklink",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="transfers",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["-created_at"],
            },
        ),
        migrations.AddIndex(
            model_name="banklink",
            index=models.Index(fields=["status", "status_at"], name="funding_ban_status_98f990_idx"),
        ),
        migrations.AddConstraint(
            model_name="banklink",
            constraint=models.UniqueConstraint(
                condition=models.Q(("status__in", ("REJECTED", "CANCELED")), _negated=True),
                fields=("account",),
                name="bank_link_one_active_per_account",
            ),
        ),
        migrations.AddConstraint(
            model_name="banklink",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("relationship_id__isnull", False),
                    ("status__in", ("SUBMITTING", "UNKNOWN", "REJECTED")),
                    _connector="OR",
                ),
                name="bank_link_at_broker_has_id",
            ),
        ),
        migrations.AddIndex(
            model_name="transfer",
            index=models.Index(fields=["account", "-created_at"], name="funding_tra_account_de287a_idx"),
        ),
        migrations.AddIndex(
            model_name="transfer",
            index=models.Index(fields=["status", "status_at"], name="funding_tra_status_1a5925_idx"),
        ),
        migrations.AddConstraint(
            model_name="transfer",
            constraint=models.CheckConstraint(
                condition=models.Q(("amount__gt", 0)), name="transfer_amount_positive"
            ),
        ),
        migrations.AddConstraint(
            model_name="transfer",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("broker_transfer_id__isnull", False),
                    ("status__in", ("SUBMITTING", "UNKNOWN", "REJECTED")),
                    _connector="OR",
                ),
                name="transfer_at_broker_has_id",
            ),
        ),
    ]
