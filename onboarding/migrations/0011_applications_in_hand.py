"""Who has an application in hand is kept as for every queue of staff."""

from django.db import migrations


def move_on(apps, schema_editor):
    in_hand = apps.get_model("in_hand", "InHand")
    in_hand.objects.bulk_create(
        [
            in_hand(
                row_type="onboarding.KycApplication",
                row_id=str(case.application_id),
                taken_by_id=case.taken_by_id,
                taken_at=case.taken_at,
            )
            for case in apps.get_model("onboarding", "CaseFile").objects.all()
        ]
    )


def move_back(apps, schema_editor):
    case_file = apps.get_model("onboarding", "CaseFile")
    taken = apps.get_model("in_hand", "InHand").objects.filter(row_type="onboarding.KycApplication")
    case_file.objects.bulk_create(
        [
            case_file(application_id=each.row_id, taken_by_id=each.taken_by_id, taken_at=each.taken_at)
            for each in taken
        ]
    )
    taken.delete()


class Migration(migrations.Migration):
    dependencies = [
        ("in_hand", "0001_in_hand"),
        ("onboarding", "0010_papers_that_end"),
    ]

    operations = [
        migrations.RunPython(move_on, move_back),
        migrations.DeleteModel(name="CaseFile"),
    ]
