"""The banks' numbers, bound to their row. Going back works while there are no rows."""

from django.db import migrations

from brokerapp.security.binding import bind_to_rows


def encrypt_rows(apps, schema_editor):
    bind_to_rows(schema_editor, "funding_banklink", unbound=("bank_account_number", "bank_routing_number"))


class Migration(migrations.Migration):
    dependencies = [("funding", "0001_initial")]

    operations = [migrations.RunPython(encrypt_rows, migrations.RunPython.noop)]
