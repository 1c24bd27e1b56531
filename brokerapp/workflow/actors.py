"""Who did it: a person, a member of staff, or a process of ours that heard the broker's word."""

from dataclasses import dataclass
from typing import Self

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import models


class Process(models.TextChoices):
    """How a process of ours came to change a row."""

    REPLY = "reply", "broker's reply"
    EVENT = "event", "broker's event"
    POLL = "poll", "poll"
    SWEEP = "sweep", "sweep"


class ActorKind(models.TextChoices):
    """Who changed a row."""

    PERSON = "person", "person"
    STAFF = "staff", "staff"
    REPLY = "reply", "broker's reply"
    EVENT = "event", "broker's event"
    POLL = "poll", "poll"
    SWEEP = "sweep", "sweep"


@dataclass(frozen=True)
class Actor:
    """What the status history keeps of who acted; `user_id` of a person or member of staff only."""

    kind: ActorKind
    user_id: int | None = None

    @classmethod
    def of(cls, by: AbstractBaseUser | Process, owner_id: int | None) -> Self:
        """The actor: whoever acts on a row that is not theirs does so as staff."""
        if isinstance(by, Process):
            return cls(ActorKind(by.value))
        kind = ActorKind.PERSON if by.pk == owner_id else ActorKind.STAFF
        return cls(kind, by.pk)
