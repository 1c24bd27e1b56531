"""What the answers tell of who somebody is, to take out of what others write about them."""

from collections.abc import Iterator
from datetime import date

from onboarding.models import KycApplication, ProfileChange
from onboarding.questions.catalogue import every_question


def known_values_of(person_id: int) -> Iterator[str]:
    """What this app knows of a person, dates as ISO text."""
    names = [question.name for _, question in every_question() if question.identifies]
    for application in KycApplication.objects.filter(user_id=person_id):
        yield application.email_address
        for answer in map(application.answer, names):
            for value in answer if isinstance(answer, list) else (answer,):
                if value:
                    yield value.isoformat() if isinstance(value, date) else str(value)
    for change in ProfileChange.objects.filter(user_id=person_id):
        yield from (str(change.answers[name]) for name in names if change.answers.get(name))
