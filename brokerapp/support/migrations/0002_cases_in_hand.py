"""Who looks after a case is kept as for every queue of staff."""

from django.db import migrations


def move_on(apps, schema_editor):
    in_hand = apps.get_model("in_hand", "InHand")
    in_hand.objects.bulk_create(
        [
            in_hand(row_type="support.Case", row_id=str(case.pk), taken_by_id=case.owner_id)
            for case in apps.get_model("support", "Case").objects.filter(owner__isnull=False)
        ]
    )


def move_back(apps, schema_editor):
    taken = apps.get_model("in_hand", "InHand").objects.filter(row_type="support.Case")
    for each in taken:
        apps.get_model("support", "Case").objects.filter(pk=each.row_id).update(owner_id=each.taken_by_id)
    taken.delete()


class Migration(migrations.Migration):
    dependencies = [("in_hand", "0001_in_hand"), ("support", "0001_cases")]

    operations = [
        migrations.AlterModelOptions(
            name="case",
            options={
                "ordering": ["-created_at", "-id"],
                "permissions": [("answer_case", "Can answer cases and close them")],
            },
        ),
        migrations.RunPython(move_on, move_back),
        migrations.RemoveField(model_name="case", name="owner"),
    ]
