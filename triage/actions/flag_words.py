"""Keeping the words of flags in step with what was written in them."""

from typing import Final

from triage.models import Escalation, FlagWords
from triage.rules.flag_words import words_of

# After these a flag is found by the same words as before.
SAME_WORDS: Final = frozenset(
    {"flag:accept", "flag:assign", "flag:snooze", "flag:wake", "flag:link", "flag:unlink", "flag:done", "flag:note"}
)


def index(flag: Escalation) -> None:
    """In the transaction of the change, on a row with its ticket and office: what was just written is found at once."""
    FlagWords.objects.bulk_create(
        [FlagWords(flag=flag, words=words_of(flag))],
        update_conflicts=True,
        unique_fields=["flag"],
        update_fields=["words"],
    )
