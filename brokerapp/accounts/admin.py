"""Ops pages of people, their accounts and holds: read-only but for actions, each of which calls a service.

What a member of staff may do is set here too, by administrators alone, and never for themselves.
"""

from typing import Any, ClassVar

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django import forms
from django.contrib import admin, messages
from django.contrib.auth.models import Group
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from brokerapp.accounts import holds, roles
from brokerapp.accounts import services as accounts
from brokerapp.accounts.access import person
from brokerapp.accounts.forms import ResetPasswordForm
from brokerapp.accounts.models import BrokerageAccount, User, WithdrawalHold
from brokerapp.accounts.roles import Role
from brokerapp.accounts.signin import second_factor
from brokerapp.accounts.statuses import HoldStatus
from brokerapp.decisions import services as decisions
from brokerapp.in_hand.admin import HandMixin
from brokerapp.security_log.kinds import Kind
from brokerapp.security_log.reveal import RevealMixin
from brokerapp.security_log.services import record
from brokerapp.ui.admin_columns import name_of
from brokerapp.ui.admin_pages import ListAdmin, ReadOnlyAdmin, ask_reason, person_link
from brokerapp.workflow.state import IllegalMove
from brokerapp.workflow.status_admin import StatusRowAdmin

ON_PAGE: tuple[tuple[str | None, tuple[str, ...]], ...] = (
    (None, ("email", "called")),
    ("Access", ("is_active", "is_staff", "groups", "is_superuser")),
    ("Dates", ("date_joined", "last_login")),
)
"""What the page of one person has, by its parts."""
SENTENCE = 10
"""Letters of the shortest reason."""
LIFTED = "Withdrawals opened again"
PROPOSED = "It opens so much that somebody else has to agree first; proposed"

# What opens a session or an account is nobody's to read or change here.
for model in (EmailAddress, Authenticator, UserSession, Group):
    admin.site.unregister(model)


@admin.register(Group)
class GroupAdmin(ReadOnlyAdmin):
    """The roles. What each may do comes with the product (`accounts.roles`) and is changed by nobody."""

    list_display = ("name",)
    search_fields = ("name",)
    search_exactly = False


class RolesForm(forms.ModelForm):
    """Whether somebody is staff, and in which role. `held_back` has roles that wait for a second person."""

    reason = forms.CharField(
        label="Why",
        required=False,
        max_length=500,
        widget=forms.Textarea({"rows": 2, "cols": 80}),
        help_text="For a role that acts or reads everything: somebody else has to agree, and reads this.",
    )
    held_back: tuple[str, ...] = ()

    class Meta:
        model = User
        fields = ("is_active", "is_staff", "groups")
        labels: ClassVar = {
            "is_active": "Can sign in",
            "is_staff": "Staff",
            "groups": "Roles",
            "is_superuser": "Sets the site up (superuser)",
        }
        help_texts: ClassVar = {
            "is_active": "Nothing of somebody who cannot sign in is deleted.",
            "is_staff": "They may open these pages; what they may do on them comes with their roles.",
            "groups": "",
            "is_superuser": "",
        }

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        chosen = {group.name for group in cleaned.get("groups") or ()}
        if chosen and not cleaned.get("is_staff"):
            self.add_error("groups", "Only staff have a role. Tick “Staff”, or take the role away.")
        if Role.ADMINISTRATOR in chosen and len(chosen) > 1:
            self.add_error("groups", "An administrator gives roles and has no other: choose one.")
        if self._taking_two() and len((cleaned.get("reason") or "").strip()) < SENTENCE:
            self.add_error("reason", "Say in a sentence why they are given this role.")
        return cleaned

    def _taking_two(self) -> tuple[str, ...]:
        """Of the roles that were chosen anew, those that take a second person."""
        had = {group.name for group in self.initial.get("groups", ())}
        chosen = {group.name for group in self.cleaned_data.get("groups") or ()}
        return tuple(sorted((chosen - had) & roles.TAKES_TWO))

    def hold_back(self) -> None:
        """Keep the rest of the answers, without the roles that take a second person."""
        self.held_back = self._taking_two()
        if self.held_back:
            kept = self.cleaned_data["groups"].exclude(name__in=self.held_back)
            self.cleaned_data["groups"] = kept
            if not (self.initial["is_staff"] or kept):
                self.cleaned_data["is_staff"] = self.instance.is_staff = False


class NewPersonForm(forms.ModelForm):
    """Somebody new, by e-mail address. They choose a password by the mail that resets it."""

    class Meta:
        model = User
        fields = ("email",)

    def clean_email(self) -> str:
        email: str = self.cleaned_data["email"].lower()
        if User.objects.filter(email__iexact=email).exists():
            raise forms.ValidationError("Somebody has this e-mail address already.")
        return email

    def save(self, commit: bool = True) -> User:
        self.instance.set_unusable_password()
        return super().save(commit)


@admin.register(User)
class UserAdmin(ListAdmin):
    """People. Nobody's password or address is set here; roles are, by administrators, for others."""

    personal = "e-mail address"

    ordering = ("-date_joined",)
    list_display = ("email", "called", "is_active", "is_staff", "role", "date_joined", "last_login")
    list_filter = ("is_active", "is_staff", "groups", "date_joined")
    search_fields = ("email",)
    add_fieldsets = ((None, {"fields": ("email",)}),)
    readonly_fields = ("email", "called", "is_superuser", "date_joined", "last_login")
    filter_horizontal = ("groups",)
    actions = ("send_reset", "remove_second_step")
    confirmed_actions = ("remove_second_step",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        return super().get_queryset(request).prefetch_related("groups")

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        if obj is None:
            return self.add_fieldsets
        asked = self.has_change_permission(request, obj)
        said = [
            (title, {"fields": [self._on_page(name, asked) for name in names]}) for title, names in ON_PAGE
        ]
        return [*said, *([("Why", {"fields": ["reason"]})] if asked else [])]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return [self._on_page(name, asked=False) for name in self.readonly_fields] if obj else ()

    def _on_page(self, name: str, asked: bool) -> Any:
        """A field by its name where it can be changed, else as the pages of staff say what is in it."""
        if asked and name not in self.readonly_fields:
            return name
        return "role" if name == "groups" else self.in_words(name, in_list=False)

    def render_change_form(self, request: HttpRequest, context: Any, **more: Any) -> HttpResponse:  # type: ignore[override]
        if (user := more.get("obj")) is not None:
            context |= {"title": name_of(user.pk), "subtitle": None, "row_name": name_of(user.pk)}
        return super().render_change_form(request, context, **more)

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        return super().get_form(request, obj, change, form=RolesForm if obj else NewPersonForm, **kwargs)

    @admin.display(description="person")
    def called(self, user: User) -> str:
        """The way to the page of everything about them."""
        return person_link(user.pk)

    @admin.display(description="role")
    def role(self, user: User) -> str:
        """The groups, or that it is a superuser."""
        return "superuser" if user.is_superuser else ", ".join(group.name for group in user.groups.all())

    def has_add_permission(self, request: HttpRequest) -> bool:
        return roles.may_manage(request.user) and super().has_add_permission(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return roles.may_manage(request.user, obj) and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        # Whoever may change people in general may look at those whom they may not change.
        may_change = request.user.has_perm("accounts.change_user")
        return may_change or request.user.has_perm("accounts.view_user")

    def has_reset_permission(self, request: HttpRequest) -> bool:
        """Whether this member of staff may have somebody mailed a link to a new password."""
        return request.user.has_perm(roles.SEND_RESET)

    def save_form(self, request: HttpRequest, form: Any, change: bool) -> Any:
        if change and not person(request).is_superuser:  # who sets the site up is alone
            form.hold_back()
        return super().save_form(request, form, change)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        if not change:
            return
        user, reason = form.instance, form.cleaned_data["reason"]
        before, after = _access(form.initial), _access(form.cleaned_data)
        if before != after:
            detail = {"before": before, "after": after}
            record(Kind.RIGHTS_CHANGED, person=user, request=request, obj=user, detail=detail, reason=reason)
        if form.held_back:
            self._propose(request, user, roles.GIVE_ROLE, reason, value=",".join(form.held_back))

    def _propose(self, request: HttpRequest, user: User, what: str, reason: str, value: str = "") -> None:
        """Have a second person decide, and say so."""
        try:
            decisions.propose(what=what, row=user, by=person(request), reason=reason, value=value)
        except IllegalMove as refusal:
            self.message_user(request, f"{user}: {refusal}", messages.ERROR)
        else:
            said = decisions.label_of(what).lower()
            self.log_change(request, user, f"Proposed to {said}")
            self.message_user(request, f"{user}: {PROPOSED}.", messages.WARNING)

    @admin.action(permissions=["reset"], description="Mail them a link to choose a new password")
    def send_reset(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        for user in queryset.filter(is_active=True):
            form = ResetPasswordForm({"email": user.email})
            if form.is_valid():
                form.save(request)
                record(Kind.PASSWORD_RESET_SENT, person=user, request=request, obj=user)
        self.message_user(request, "Those who can sign in have been mailed a link.", messages.SUCCESS)

    def has_second_step_permission(self, request: HttpRequest) -> bool:
        """Whether this member of staff may take a second step away that was lost."""
        return request.user.has_perm(roles.REMOVE_SECOND_STEP)

    @admin.action(permissions=["second_step"], description="Take a lost second step away")
    def remove_second_step(self, request: HttpRequest, queryset: QuerySet[User]) -> HttpResponse | None:
        text = (
            "They sign in with their password alone until they set a new one up. Say how you made sure that "
            "it is them who ask: somebody who has their password would ask as well."
        )
        title = "Take the second step away"
        reason = ask_reason(self, request, queryset, action="remove_second_step", title=title, text=text)
        if not isinstance(reason, str):
            return reason
        for user in queryset:
            if user.is_staff and not roles.may_manage(request.user, user):
                self.message_user(request, f"{user} is staff: ask an administrator.", messages.ERROR)
                continue
            self._remove_second_step(request, user, reason)
        return None

    def _remove_second_step(self, request: HttpRequest, user: User, reason: str) -> None:
        """At once, or proposed where it opens more than one member of staff may open."""
        if not second_factor.needs_two_to_remove(user):
            second_factor.remove_lost(user)
            self.log_change(request, user, "Second step taken away")
            self.message_user(request, f"{user} has no second step any more, and a mail says so.")
            return
        self._propose(request, user, second_factor.REMOVE_LOST, reason)


def _access(answers: dict[str, Any]) -> dict[str, Any]:
    """What the log keeps of an answer to `RolesForm`."""
    names = sorted(group.name for group in answers["groups"])
    return {"roles": names, "staff": answers["is_staff"], "active": answers["is_active"]}


@admin.register(BrokerageAccount)
class BrokerageAccountAdmin(HandMixin, RevealMixin, StatusRowAdmin):
    """Accounts at Alpaca, with the last synced balances."""

    hidden = ("account_number", "kyc_results")
    list_display = (
        "id",
        "user",
        "account_number_end",
        "status",
        "broker_status",
        "cash",
        "equity",
        "balances_at",
        "last_request_id",
    )
    list_filter = (
        "status",
        "account_blocked",
        "trading_blocked",
        "transfers_blocked",
        "trade_suspended_by_user",
        "created_at",
    )
    search_fields = ("id", "broker_account_id", "account_number", "user__email", "last_request_id")
    list_select_related = ("user",)
    actions = ("resync",)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return ["account_number_end", *super().get_fields(request, obj)]

    @admin.display(description="number")
    def account_number_end(self, account: BrokerageAccount) -> str:
        return f"…{account.account_number[-4:]}" if account.account_number else ""

    @admin.action(permissions=["operate"], description="Read status and balances from the broker again")
    def resync(self, request: HttpRequest, queryset: QuerySet[BrokerageAccount]) -> None:
        self.run_action(
            request, queryset, "Asked to be read again", lambda row: accounts.read_again(account=row)
        )


class InForceFilter(admin.SimpleListFilter):
    """What keeps money from leaving now."""

    title = "in force"
    parameter_name = "in_force"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("yes", "Yes"), ("secured", "Yes, and until staff lift it")]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        if self.value() == "secured":
            return queryset.filter(until__isnull=True, status=HoldStatus.ACTIVE)
        return queryset.in_force(timezone.now()) if self.value() else queryset


@admin.register(WithdrawalHold)
class WithdrawalHoldAdmin(HandMixin, StatusRowAdmin):
    """Holds on withdrawals, those that people placed by securing their account among them."""

    list_display = ("created_at", "user", "cause", "until", "status", "in_force", "status_reason")
    list_filter = (InForceFilter, "cause", "status", "created_at")
    search_fields = ("=user__email",)
    search_help_text = "The person's e-mail address"
    list_select_related = ("user",)
    date_hierarchy = "created_at"
    actions = ("lift",)
    money_actions = ("lift",)

    @admin.display(boolean=True, description="in force")
    def in_force(self, hold: WithdrawalHold) -> bool:
        """Whether it keeps money from leaving now."""
        return hold.status == HoldStatus.ACTIVE and (hold.until is None or hold.until > timezone.now())

    @admin.action(permissions=["operate"], description="Open withdrawals again before the time")
    def lift(self, request: HttpRequest, queryset: QuerySet[WithdrawalHold]) -> HttpResponse | None:
        text = (
            "Money can leave these people's accounts at once. Say how you made sure that it is them who ask: "
            "somebody who took the account over would ask as well."
        )
        reason = ask_reason(self, request, queryset, action="lift", title="Open withdrawals again", text=text)
        if not isinstance(reason, str):
            return reason
        by = person(request)
        rows = list(queryset)
        two = [hold for hold in rows if hold.status == HoldStatus.ACTIVE and holds.needs_two(hold.user_id)]
        self.run_action(
            request,
            (hold for hold in rows if hold not in two),
            LIFTED,
            lambda hold: holds.lift_hold(hold=hold, by=by, reason=reason),
        )
        self.run_action(
            request,
            two,
            PROPOSED,
            lambda hold: decisions.propose(what=holds.LIFT_HOLD, row=hold, by=by, reason=reason),
        )
        return None
