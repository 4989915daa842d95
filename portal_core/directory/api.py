"""What every API of the staff's realm shares: whose requests these are, how many, and the key that does a deed once."""

import copy
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from django.db import transaction
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from portal_core.directory.actions import practices
from portal_core.directory.enums import PatientSupportMode, Permission
from portal_core.directory.errors import AgesWrong
from portal_core.directory.forms import PatientContactForm
from portal_core.directory.guards import staff_api
from portal_core.directory.rules.contact import CONTACT_FIELDS, contact_digest
from portal_core.kernel import audit, idempotency
from portal_core.kernel.errors import Invalid
from portal_core.kernel.http import ratelimit

if TYPE_CHECKING:
    from django import forms

    from portal_core.directory.models import Patient, Staff

PER_MINUTE = 300
PAGE, PAGE_MAX = 50, 100
READ = (401, 403, 404, 422, 429)  # what a reading may be refused with
DEED = (401, 403, 404, 409, 422, 429)
KEY = OpenApiParameter(
    "Idempotency-Key",
    str,
    OpenApiParameter.HEADER,
    description="The same key twice does the deed once; with another body it is refused (409, `key_used`).",
)
AFTER = OpenApiParameter("after", str, description="`after` of the page before.")
LIMIT = OpenApiParameter("limit", int, description=f"How many at most, up to {PAGE_MAX}.")


class PersonShape(serializers.Serializer[Any]):
    """Somebody, or an office: what to ask for them by, and what they are called."""

    id = serializers.CharField(source="public_id")
    name = serializers.CharField()


class RefusalFactsShape(serializers.Serializer[Any]):
    code = serializers.CharField(help_text="Stable; tell refusals apart by it.")
    message = serializers.CharField(help_text="For people.")
    request_id = serializers.CharField(help_text="What to name when you ask us about it.")
    fields = serializers.DictField(  # type: ignore[assignment]
        child=serializers.ListField(child=serializers.CharField()), required=False, help_text="Field → what is wrong."
    )


class RefusalShape(serializers.Serializer[Any]):
    error = RefusalFactsShape()


class StaffView(APIView):
    """One person's requests, counted; `once` does a deed once. Who may come in says `permission_classes`."""

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        ratelimit.hit("api.v1", self.staff.public_id, limit=PER_MINUTE, per=60)

    @property
    def staff(self) -> "Staff":
        return self.request._request.staff  # type: ignore[attr-defined,no-any-return]

    @property
    def key(self) -> str:
        """What the client calls this request; "" where it does not say."""
        return self.request.headers.get("Idempotency-Key", "")

    def once(self, scope: str, deed: Callable[[], str]) -> str:
        """What the deed returns: done now, or returned when the same key came before. Raises KeyUsed when it came with
        another body."""
        if not self.key:
            return deed()
        return idempotency.once(f"api:{scope}:{self.staff.pk}", self.key, deed, of=self.request.data)


def read(shape: type[serializers.Serializer[Any]], request: Request) -> dict[str, Any]:
    """What was sent, checked; a refusal names each field."""
    given = shape(data=request.data)
    given.is_valid(raise_exception=True)
    return dict(given.validated_data)


def limit(request: Request, usual: int = PAGE) -> int:
    """How many rows were asked for."""
    asked = request.query_params.get("limit", "")
    return min(max(int(asked), 1), PAGE_MAX) if asked.isascii() and asked.isdigit() else usual


def cleaned(form: "forms.BaseForm", **names: str) -> dict[str, Any]:
    """What a form of the pages makes of it; its refusals beside the fields, under their names of the API. Raises
    Invalid."""
    if not form.is_valid():
        raise Invalid(
            fields={names.get(name, name): [str(each) for each in says] for name, says in form.errors.items()}
        )
    return dict(form.cleaned_data)


def answers(shape: Any, status: int = 200, refusals: tuple[int, ...] = READ) -> dict[int, Any]:
    """For the API's description: the good answer, and the refusals in their one form."""
    return {status: shape, **dict.fromkeys(refusals, RefusalShape)}


def contact_of(patient: "Patient") -> dict[str, Any]:
    """CONTACT_FIELDS as they are on file; `seen` is what a change has to name."""
    return {"seen": contact_digest(patient), **{name: getattr(patient, name) for name in CONTACT_FIELDS}}


def contact_values(patient: "Patient", given: dict[str, Any]) -> dict[str, Any]:
    """What was sent of CONTACT_FIELDS, by the rules of the page "Basic data". Raises Invalid."""
    # A copy: the form writes onto the row it is given.
    values = cleaned(PatientContactForm({**contact_of(patient), **given}, instance=copy.copy(patient)))
    return {name: values[name] for name in CONTACT_FIELDS if name in given}


# --- the practice's own settings of portal access ---------------------------------------------------------------------
AGES = ("limited_from", "own_from")


class PortalSettingsShape(serializers.Serializer[Any]):
    """What an owner or administrator decides for the whole practice."""

    self_registration = serializers.BooleanField(help_text="New patients may register on the website.")
    staff_second_step = serializers.BooleanField(help_text="Everybody who works here needs a second step to sign in.")
    patient_support_mode = serializers.ChoiceField(
        choices=PatientSupportMode.choices, help_text="Whether patients may bring technical faults to IT themselves."
    )
    proxy_limited_from = serializers.IntegerField(
        min_value=0, max_value=32, help_text="From this birthday on parents and guardians see appointments only."
    )
    proxy_own_from = serializers.IntegerField(
        min_value=0, max_value=32, help_text="From this birthday on they see nothing: 12 to 21."
    )


class PortalSettings(StaffView):
    permission_classes = [staff_api(Permission.SETTINGS)]

    @extend_schema(
        operation_id="settings_read", summary="The practice's settings of portal access",
        responses=answers(PortalSettingsShape, refusals=(401, 403, 429)),
    )  # fmt: skip
    def get(self, request: Request) -> Response:
        audit.record("practice:read-settings", by=self.staff.actor, target=self.staff.practice)
        return self._shown()

    @extend_schema(
        operation_id="settings_change", summary="Change some of them; only what is sent",
        request=PortalSettingsShape(partial=True),
        responses=answers(PortalSettingsShape, refusals=(401, 403, 422, 429)),
    )  # fmt: skip
    def patch(self, request: Request) -> Response:
        given = PortalSettingsShape(data=request.data, partial=True)
        given.is_valid(raise_exception=True)
        said, practice, by = given.validated_data, self.staff.practice, self.staff.actor
        with transaction.atomic():  # all that was sent, or nothing
            if "self_registration" in said:
                practices.set_self_registration(practice=practice, enabled=said["self_registration"], by=by)
            if "staff_second_step" in said:
                practices.set_second_step(practice=practice, required=said["staff_second_step"], by=by)
            if "patient_support_mode" in said:
                line = said["patient_support_mode"] == PatientSupportMode.PATIENT_LINE
                practices.set_patient_line(practice=practice, enabled=line, by=by)
            if {"proxy_limited_from", "proxy_own_from"} & said.keys():
                ages = [said.get(f"proxy_{name}", getattr(practice, f"proxy_{name}")) for name in AGES]
                try:
                    practices.set_proxy_ages(practice=practice, limited_from=ages[0], own_from=ages[1], by=by)
                except AgesWrong as refusal:
                    wrong = refusal.facts["fields"]
                    raise Invalid(fields={f"proxy_{name}": [says] for name, says in wrong.items()}) from refusal
        return self._shown()

    def _shown(self) -> Response:
        practice = self.staff.practice
        practice.refresh_from_db(fields=list(PortalSettingsShape().fields))
        return Response(PortalSettingsShape(practice).data)
