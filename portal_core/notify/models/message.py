from django.db import models


class Message(models.Model):
    """What is said, rendered once per (cause, template, language) and then never changed, save for secrets that are
    blanked when they have left (`hooks.forget_when_sent`). No PHI, no recipient."""

    cause = models.CharField(max_length=120)
    template = models.CharField(max_length=80)
    language = models.CharField(max_length=16)
    subject = models.CharField(max_length=250, blank=True)
    text = models.TextField(blank=True)
    html = models.TextField(blank=True)
    sms = models.TextField(blank=True)
    headers = models.JSONField(default=dict)  # further e-mail headers, name → value
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["cause", "template", "language"], name="message_said_once"),
        ]
