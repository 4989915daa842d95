"""Where a practice wants to hear of its tickets and flags: an address of its own, asked before anything is sent."""

import datetime as dt

from django.db import models
from django.db.models import Q

from portal_core.kernel.ids import PublicIdField
from portal_core.kernel.sealing import seal, unseal
from triage.enums import ENDPOINT_MOVES, ENDPOINT_TONES, EndpointState
from triage.errors import EndpointMoved

PURPOSE = "triage.webhook"


class WebhookEndpoint(models.Model):
    """The address and what its messages are signed with are sealed: an address may itself be a secret."""

    public_id = PublicIdField()
    practice = models.ForeignKey("directory.Practice", on_delete=models.CASCADE, related_name="+")
    name = models.CharField(max_length=80)
    url_cipher = models.TextField()
    host = models.CharField(max_length=260)  # for lists
    events = models.JSONField(default=list)  # values of enums.NewsKind
    secret_cipher = models.TextField()
    secret_shown_at = models.DateTimeField(null=True)  # shown once, then never again
    old_secret_cipher = models.TextField(blank=True)  # signs beside the new one for a day after a change
    old_secret_until = models.DateTimeField(null=True)
    state = models.CharField(max_length=10, choices=EndpointState, default=EndpointState.NEW)
    check_result = models.CharField(max_length=60, blank=True)  # a code: why it did not echo
    failures = models.PositiveSmallIntegerField(default=0)  # messages given up in a row; any success sets it back
    failing_since = models.DateTimeField(null=True)  # the first of them
    stopped_at = models.DateTimeField(null=True)
    stopped_code = models.CharField(max_length=60, blank=True)
    created_at = models.DateTimeField()
    changed_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(name="webhook_state_known", condition=Q(state__in=EndpointState.values)),
            models.CheckConstraint(
                name="webhook_stopped_has_moment",
                condition=Q(state=EndpointState.STOPPED, stopped_at__isnull=False)
                | (~Q(state=EndpointState.STOPPED) & Q(stopped_at=None, stopped_code="")),
            ),
            models.CheckConstraint(
                name="webhook_old_secret_ends",
                condition=Q(old_secret_cipher="", old_secret_until=None)
                | (~Q(old_secret_cipher="") & Q(old_secret_until__isnull=False)),
            ),
        ]
        indexes = [models.Index(fields=["practice", "state"], name="webhook_of_practice")]

    def move(self, state: EndpointState, *, at: dt.datetime) -> None:
        """Change the state in memory; the caller saves. Raises EndpointMoved."""
        if state not in ENDPOINT_MOVES[self.state]:
            raise EndpointMoved
        self.state, self.changed_at = state, at
        self.stopped_at, self.stopped_code = (at if state == EndpointState.STOPPED else None), ""
        if state == EndpointState.ACTIVE:
            self.failures, self.failing_since, self.check_result = 0, None, ""

    def save_moved(self, *fields: str) -> None:
        """Write what `move` may touch, and these."""
        moved = {"state", "changed_at", "stopped_at", "stopped_code", "failures", "failing_since", "check_result"}
        self.save(update_fields=moved | set(fields))

    @property
    def tone(self) -> str:
        return ENDPOINT_TONES[self.state]

    @property
    def key(self) -> str:
        """Who this is to notify: opaque and stable."""
        return f"endpoint:{self.public_id}"

    @property
    def url(self) -> str:
        """Raises kernel.sealing.Unreadable when the key is gone."""
        return unseal(self.url_cipher, purpose=PURPOSE)

    @property
    def secret(self) -> str:
        """What messages are signed with now. Raises Unreadable."""
        return unseal(self.secret_cipher, purpose=PURPOSE)

    def secrets(self, now: dt.datetime) -> str:
        """The secrets that sign at this moment, separated by spaces, the newest first. Raises Unreadable."""
        if self.old_secret_until is None or self.old_secret_until <= now:
            return self.secret
        return f"{self.secret} {unseal(self.old_secret_cipher, purpose=PURPOSE)}"

    def set_url(self, url: str, host: str) -> None:
        self.url_cipher, self.host = seal(url, purpose=PURPOSE), host

    def set_secret(self, secret: str) -> None:
        self.secret_cipher = seal(secret, purpose=PURPOSE)
