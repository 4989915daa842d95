"""`/api/v1/webhooks/`: the addresses of a practice for programs, with the guards of their settings page.

The same actions and refusals as there: an address hears of nothing until it has echoed, a secret is told once, and only
whoever keeps the practice's settings comes in.
"""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response

from portal_core.directory.api import DEED, KEY, LIMIT, StaffView, answers, limit, read
from portal_core.directory.enums import Permission
from portal_core.directory.guards import staff_api
from portal_core.kernel import audit
from portal_core.kernel.ids import new_public_id
from portal_core.kernel.sealing import Unreadable
from portal_core.notify.enums import DeliveryState
from portal_core.notify.queries import posts_to, tries_of
from triage import access, queries
from triage.actions import webhooks
from triage.enums import EndpointState, NewsKind
from triage.models import WebhookEndpoint

NO_STORE = {"Cache-Control": "no-store"}


# --- shapes -----------------------------------------------------------------------------------------------------------
class WebhookShape(serializers.Serializer[Any]):
    """An address and how it stands."""

    id = serializers.CharField(source="public_id")
    name = serializers.CharField()
    host = serializers.CharField()
    url = serializers.SerializerMethodField(help_text="Empty where the key it was sealed with is gone.")
    events = serializers.ListField(child=serializers.ChoiceField(choices=NewsKind.choices))
    state = serializers.ChoiceField(choices=EndpointState.choices)
    check_result = serializers.CharField(help_text="A code: why the last check failed; empty when it echoed.")
    stopped_at = serializers.DateTimeField(allow_null=True)
    stopped_code = serializers.CharField()
    created_at = serializers.DateTimeField()
    changed_at = serializers.DateTimeField()

    def get_url(self, row: WebhookEndpoint) -> str:
        try:
            return row.url
        except Unreadable:
            return ""


class WebhookWithSecretShape(WebhookShape):
    secret = serializers.CharField(
        allow_null=True,
        help_text="What messages are signed with. Told in this one answer; null if it was before.",
    )


class WebhooksShape(serializers.Serializer[Any]):
    results = WebhookShape(many=True)


class WebhookWriteShape(serializers.Serializer[Any]):
    """An address as it is written."""

    name = serializers.CharField(max_length=80)
    url = serializers.CharField(max_length=500, help_text="Begins with https:// and is reachable from the internet.")
    events = serializers.ListField(child=serializers.ChoiceField(choices=NewsKind.choices), min_length=1)


class SecretShape(serializers.Serializer[Any]):
    secret = serializers.CharField(help_text="Told this once. For a day messages are signed with the old one, too.")


class TryShape(serializers.Serializer[Any]):
    """One attempt to deliver a message."""

    at = serializers.DateTimeField()
    status = serializers.IntegerField(allow_null=True, help_text="HTTP status; null when nobody answered.")
    code = serializers.CharField(help_text="Why it did not arrive; empty when it did.")
    milliseconds = serializers.IntegerField()
    answer = serializers.CharField(help_text="The beginning of the answer, without what looks like a secret.")


class DeliveryShape(serializers.Serializer[Any]):
    """One message to the address; `id` is its webhook-id."""

    id = serializers.CharField()
    type = serializers.SerializerMethodField()
    state = serializers.ChoiceField(choices=DeliveryState.choices)
    code = serializers.CharField()
    attempts = serializers.IntegerField()
    asked_at = serializers.DateTimeField()
    next_at = serializers.DateTimeField(allow_null=True)
    sent_at = serializers.DateTimeField(allow_null=True)
    failed_at = serializers.DateTimeField(allow_null=True)
    tries = serializers.SerializerMethodField()

    def get_type(self, post: Any) -> str:
        return str(post.payload.get("type", ""))

    def get_tries(self, post: Any) -> Any:
        return TryShape(self.context["tries"].get(post.id, []), many=True).data


class DeliveriesShape(serializers.Serializer[Any]):
    results = DeliveryShape(many=True)


# --- doors ------------------------------------------------------------------------------------------------------------
class WebhookView(StaffView):
    """The keepers of the practice's settings."""

    permission_classes: list[type[BasePermission]] = [staff_api(Permission.SETTINGS)]

    def endpoint(self, public_id: str) -> WebhookEndpoint:
        return access.endpoint_for(self.staff, public_id)

    def shown(self, public_id: str, status: int = 200) -> Response:
        return Response(WebhookShape(self.endpoint(public_id)).data, status=status)

    @property
    def once_key(self) -> str:
        """The client's own, or one that was never used: without a key each call is a deed of its own."""
        return self.key or new_public_id()


class WebhookList(WebhookView):
    @extend_schema(operation_id="webhooks_list", summary="All webhooks by name", responses=answers(WebhooksShape))
    def get(self, request: Request) -> Response:
        rows = queries.webhooks_of(self.staff.practice_id)
        audit.record(
            "webhook:list", by=self.staff.actor, practice_id=self.staff.practice_id, shown=len(rows), way="api"
        )
        return Response(WebhooksShape({"results": rows}).data)

    @extend_schema(
        operation_id="webhooks_add", summary="Add one; it hears of nothing until it was checked",
        parameters=[KEY], request=WebhookWriteShape, responses=answers(WebhookWithSecretShape, 201, DEED),
    )  # fmt: skip
    def post(self, request: Request) -> Response:
        said, by = read(WebhookWriteShape, request), self.staff.actor
        row = webhooks.add(**said, key=self.once_key, staff=self.staff, by=by)
        told = row.secret_shown_at is not None  # the same key again: told by the first answer
        secret = None if told else webhooks.show_secret(endpoint=row, staff=self.staff, by=by)
        return Response({**WebhookShape(row).data, "secret": secret}, status=201, headers=NO_STORE)


class WebhookDetail(WebhookView):
    @extend_schema(operation_id="webhooks_read", summary="One webhook", responses=answers(WebhookShape))
    def get(self, request: Request, public_id: str) -> Response:
        row = self.endpoint(public_id)
        audit.record("webhook:read", by=self.staff.actor, target=row, practice_id=row.practice_id, way="api")
        return Response(WebhookShape(row).data)

    @extend_schema(
        operation_id="webhooks_change", summary="Change it; a new address has to be checked again",
        request=WebhookWriteShape, responses=answers(WebhookShape, refusals=DEED),
    )  # fmt: skip
    def put(self, request: Request, public_id: str) -> Response:
        said, row = read(WebhookWriteShape, request), self.endpoint(public_id)
        webhooks.change(endpoint=row, **said, staff=self.staff, by=self.staff.actor)
        return self.shown(public_id)

    @extend_schema(
        operation_id="webhooks_remove", summary="Remove it for good", responses=answers(None, 204, DEED)
    )  # fmt: skip
    def delete(self, request: Request, public_id: str) -> Response:
        webhooks.remove(endpoint=self.endpoint(public_id), staff=self.staff, by=self.staff.actor)
        return Response(status=204)


class WebhookCheck(WebhookView):
    @extend_schema(
        operation_id="webhooks_check", summary="Ask the address to echo; it is switched on when it does",
        request=None, responses=answers(WebhookShape, refusals=DEED),
    )  # fmt: skip
    def post(self, request: Request, public_id: str) -> Response:
        webhooks.check(endpoint=self.endpoint(public_id), staff=self.staff, by=self.staff.actor)
        return self.shown(public_id)


class WebhookPause(WebhookView):
    @extend_schema(
        operation_id="webhooks_pause", summary="Switch it off; a check switches it on again",
        request=None, responses=answers(WebhookShape, refusals=DEED),
    )  # fmt: skip
    def post(self, request: Request, public_id: str) -> Response:
        webhooks.switch_off(endpoint=self.endpoint(public_id), staff=self.staff, by=self.staff.actor)
        return self.shown(public_id)


class WebhookSecret(WebhookView):
    @extend_schema(
        operation_id="webhooks_new_secret", summary="Make a new secret; it is told in this one answer",
        request=None, responses=answers(SecretShape, 201, DEED),
    )  # fmt: skip
    def post(self, request: Request, public_id: str) -> Response:
        row = self.endpoint(public_id)
        secret = webhooks.new_secret_for(endpoint=row, staff=self.staff, by=self.staff.actor)
        return Response({"secret": secret}, status=201, headers=NO_STORE)


class WebhookTest(WebhookView):
    @extend_schema(
        operation_id="webhooks_test", summary="Send a message of the kind webhook.test",
        parameters=[KEY], request=None, responses=answers(WebhookShape, 202, DEED),
    )  # fmt: skip
    def post(self, request: Request, public_id: str) -> Response:
        row = self.endpoint(public_id)
        webhooks.send_test(endpoint=row, key=self.once_key, staff=self.staff, by=self.staff.actor)
        return self.shown(public_id, 202)


class DeliveryList(WebhookView):
    @extend_schema(
        operation_id="webhooks_deliveries", summary="What it was sent, newest first, with every attempt",
        parameters=[LIMIT], responses=answers(DeliveriesShape),
    )  # fmt: skip
    def get(self, request: Request, public_id: str) -> Response:
        row = self.endpoint(public_id)
        posts = posts_to(row.key, limit=limit(request))
        tries = tries_of(row.key, [post.id for post in posts])
        audit.record(
            "webhook:read", by=self.staff.actor, target=row, practice_id=row.practice_id, way="api", shown=len(posts)
        )
        return Response({"results": DeliveryShape(posts, many=True, context={"tries": tries}).data})


class DeliveryAgain(WebhookView):
    @extend_schema(
        operation_id="webhooks_send_again", summary="Send one message once more",
        parameters=[KEY], request=None, responses=answers(WebhookShape, 202, DEED),
    )  # fmt: skip
    def post(self, request: Request, public_id: str, delivery_id: str) -> Response:
        row = self.endpoint(public_id)
        webhooks.send_again(
            endpoint=row, delivery_id=delivery_id, key=self.once_key, staff=self.staff, by=self.staff.actor
        )
        return self.shown(public_id, 202)
