from django.db import models


class Message(models.Model):
    """What is said, rendered once per (cause, template, language, zone) and then never changed, save for secrets that
    are blanked when they have left (`hooks.forget_when_sent`). No PHI, no recipient."""

    cause = models.CharField(max_length=120)
    template = models.CharField(max_length=80)
    language = models.CharField(max_length=16)
    zone = models.CharField(max_length=64, blank=True)  # IANA name its times are written in; empty: they need none
    subject = models.CharField(max_length=250, blank=True)
    text = models.TextField(blank=True)
    html = models.TextField(blank=True)
    sms = models.TextField(blank=True)
    headers = models.JSONField(default=dict)  # further e-mail headers, name → value
    payloads = models.JSONField(default=dict)  # channel → JSON object, for Channel.posted
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["cause", "template", "language", "zone"], name="message_said_once"),
        ]
