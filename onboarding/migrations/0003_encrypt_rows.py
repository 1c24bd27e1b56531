"""What is held of people, encrypted and bound to its row. Going back works while there are no rows."""

from django.db import migrations

from brokerapp.security.binding import bind_to_rows
from brokerapp.security.blind_index import blind_indexes, digits_of

APPLICATION = "onboarding_kycapplication"
INDEXED = ("tax_id", "phone_number")


def encrypt_rows(apps, schema_editor):
    bind_to_rows(
        schema_editor,
        APPLICATION,
        plain=(
            "phone_number",
            "street_address",
            "unit",
            "city",
            "state",
            "postal_code",
            "date_of_birth",
            "employer_address",
            "disclosure_context",
            "trusted_email_address",
            "trusted_phone_number",
        ),
        unbound=("tax_id",),
        more=indexes,
    )
    bind_to_rows(schema_editor, "onboarding_document", unbound=("content",), batch=5)


def indexes(row):
    return {
        f"{name}_index": blind_indexes(f"{APPLICATION}.{name}", digits_of(row[name].decode()))[0]
        for name in INDEXED
        if name in row
    }


class Migration(migrations.Migration):
    dependencies = [("onboarding", "0002_encrypted_columns")]

    operations = [migrations.RunPython(encrypt_rows, migrations.RunPython.noop)]
