from django.utils.module_loading import import_string

from brokerapp.celery import app


def test_every_task_of_the_beat_table_exists() -> None:
    app.finalize()
    rows = app.conf.beat_schedule
    assert rows
    for row in rows.values():
        assert import_string(row["task"]).name == row["task"]
