"""The admin page shared by all rows with a status."""

from collections.abc import Callable, Iterable
from typing import Any

from django.contrib import messages
from django.db.models import Model
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html, format_html_join

from brokerapp.broker.alpaca.errors import BrokerError
from brokerapp.ui.admin_columns import learn_names, step_words, time_text, whole_calls_link
from brokerapp.ui.admin_pages import ReadOnlyAdmin, person_link
from brokerapp.workflow.models import StatusChange
from brokerapp.workflow.state import IllegalMove, LostRace

NOTHING_TO_DO = "Nothing is done: this is not for what stands as it does now."
HISTORY_HEADS = ("When, ET", "Step", "By", "Why", "Request ID")


class StatusRowAdmin(ReadOnlyAdmin):
    """Read-only, with the row's broker calls and status history one click away.

    Actions call services; they declare `permissions=("operate",)`, which is the model's change permission.
    """

    readonly_fields = ("broker_calls", "history")

    def has_operate_permission(self, request: HttpRequest) -> bool:
        """Whether this member of staff may run actions."""
        return request.user.has_perm(f"{self.opts.app_label}.change_{self.opts.model_name}")

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        left_out = (*(self.exclude or ()), *getattr(self, "hidden", ()))
        columns = [name for name in self._in_order() if name not in left_out]
        reveal = ["reveal_link"] if getattr(self, "hidden", ()) else []
        return [*columns, *reveal, "broker_calls", "history"]

    def _in_order(self) -> list[str]:
        """The columns: where it stands and why, what it is, and last what sending and following it needs."""
        bases = [base for base in self.model.__mro__ if issubclass(base, Model) and base is not Model]
        of_all = {field.name for base in bases if base._meta.abstract for field in base._meta.fields}
        names = [field.name for field in self.opts.fields]
        first = [name for name in ("status", "status_reason") if name in names]
        own = [name for name in names if name not in {*of_all, *first}]
        return [*first, *own, *(name for name in names if name in of_all - {*first})]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return self.get_fields(request, obj)

    def run_action(
        self, request: HttpRequest, rows: Iterable[Any], what: str, do: Callable[[Any], object]
    ) -> None:
        """Do something to each row, and keep in the admin's log who did it; what a row raises is shown.

        `do` makes no broker call that a page would wait for: it enqueues a task. Where there is no row that
        the action is for, that is said.
        """
        done, found = 0, list(rows)
        for row in found:
            try:
                do(row)
            except (BrokerError, IllegalMove, LostRace) as error:
                self.message_user(request, f"{row.pk}: {error}", messages.ERROR)
            else:
                self.log_change(request, row, what)
                done += 1
        if done:
            self.message_user(request, f"{what}: {done}. Reload the page to see what became of it.")
        elif not found:
            self.message_user(request, NOTHING_TO_DO, messages.WARNING)

    def broker_calls(self, row: Model) -> str:
        """The ways to every broker call about this row: as a list, and as a text for the broker's support."""
        links = (
            ("calls_apicall_changelist", "q", "Broker calls about this"),
            ("calls_apicall_handout", "about", "Export for the broker's support"),
        )
        return format_html_join(
            " · ",
            '<a href="{}?{}={}">{}</a>',
            ((reverse(f"admin:{name}"), key, row.pk, text) for name, key, text in links),
        )

    def history(self, row: Model) -> str:
        """Every change of status, oldest first: when, by whom, why, and the broker's Request ID."""
        changes = list(StatusChange.objects.about(row))
        learn_names(changes)
        lines = format_html_join(
            "",
            "<tr><td>{}</td><td>{}</td><td>{} {}</td><td>{}</td><td>{}</td></tr>",
            (
                (
                    time_text(change.at),
                    step_words(change.row_type, change.from_status, change.to_status),
                    change.get_actor_display(),
                    person_link(change.actor_id) if change.actor_id else "",
                    change.reason,
                    whole_calls_link(change.request_id),
                )
                for change in changes
            ),
        )
        heads = format_html_join("", '<th scope="col">{}</th>', ((head,) for head in HISTORY_HEADS))
        return format_html(
            '<table class="history"><thead><tr>{}</tr></thead><tbody>{}</tbody></table>', heads, lines
        )
