"""The words of every flag, for full-text search on both databases: see `helpdesk.search`."""

from django.db import models

from helpdesk.search import WordsField
from triage.models.escalation import Escalation


class FlagWordsField(WordsField):
    engine = "triage_flagwords_found"


class FlagWords(models.Model):
    """What one flag is found by. `actions.flag_words.index` writes it with every change of its text."""

    flag = models.OneToOneField(Escalation, on_delete=models.CASCADE, primary_key=True, related_name="found_by")
    words = FlagWordsField()
