"""Flags for programs: `/api/v1/flags/` for IT, and what an office does with a flag of its own ticket."""

from typing import TYPE_CHECKING, Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from helpdesk.enums import Category, Turn
from portal_core.directory.api import AFTER, DEED, LIMIT, PersonShape, answers, cleaned, limit, read
from portal_core.directory.enums import Permission
from portal_core.directory.guards import staff_api
from portal_core.kernel import audit
from triage import access, console, forms
from triage.actions import escalations
from triage.api.desks import DeskView, TicketWithMessagesShape, whole
from triage.enums import EscalationState, ExchangeKind, RefusalCode
from triage.rules.views import wanted
from triage.views.flag_fixes import known_of

if TYPE_CHECKING:
    from triage.models import Escalation


# --- shapes -----------------------------------------------------------------------------------------------------------
class FlagShape(serializers.Serializer[Any]):
    """What IT sees of a matter: initials and no chart."""

    id = serializers.CharField(source="public_id")
    office = PersonShape()
    category = serializers.ChoiceField(choices=Category.choices)
    reason = serializers.CharField()
    state = serializers.ChoiceField(choices=EscalationState.choices)
    turn = serializers.CharField()
    impact = serializers.CharField()
    patient_initials = serializers.CharField()
    portal_label = serializers.CharField()
    error_text = serializers.CharField()
    page = serializers.CharField()
    happened_at = serializers.DateTimeField()
    steps_done = serializers.ListField(child=serializers.CharField())
    verified_by_office = serializers.SerializerMethodField()
    assignee = PersonShape(allow_null=True)
    incident_id = serializers.CharField()
    created_at = serializers.DateTimeField()

    def get_verified_by_office(self, flag: Any) -> bool:
        return bool(flag.attestation_id)


class FlagMessageShape(serializers.Serializer[Any]):
    """What one side wrote to the other, or IT for itself (`note`)."""

    id = serializers.CharField(source="public_id")
    kind = serializers.ChoiceField(choices=ExchangeKind.choices)
    by = serializers.CharField(source="said_by")
    body = serializers.CharField()
    at = serializers.DateTimeField()


class WholeFlagShape(FlagShape):
    """One flag with all the office gave and what was said about it, oldest first."""

    ticket_reference = serializers.CharField(source="ticket.reference")
    device = serializers.CharField(source="device.text")
    note = serializers.CharField()
    ok_to_contact = serializers.BooleanField(help_text="Whether IT may call the patient; never ask who they are.")
    contact_number = serializers.CharField()
    contact_window = serializers.CharField()
    question = serializers.CharField(help_text="What IT asked last.")
    answer = serializers.CharField(help_text="What IT answered last.")
    refusal = serializers.CharField(help_text="Why it was sent back; empty else.")
    exchange = FlagMessageShape(many=True, source="exchange.all")


class FlagPageShape(serializers.Serializer[Any]):
    results = FlagShape(many=True)
    after = serializers.CharField(help_text="Ask with it for the next page; empty at the end.")


class DeclineShape(serializers.Serializer[Any]):
    code = serializers.ChoiceField(choices=RefusalCode.choices)
    note = serializers.CharField(max_length=1000, required=False, default="", allow_blank=True)


class TextShape(serializers.Serializer[Any]):
    text = serializers.CharField(max_length=5000)


class ToITShape(TextShape):
    phi_needed = serializers.BooleanField(
        default=False, help_text="Send it although it seems to name the patient or their health."
    )


class SnoozeShape(serializers.Serializer[Any]):
    until = serializers.DateTimeField()
    reason = serializers.CharField(max_length=200)


class IncidentShape(serializers.Serializer[Any]):
    incident_id = serializers.CharField(max_length=20)


class DuplicateShape(serializers.Serializer[Any]):
    of = serializers.CharField(max_length=20, help_text="The older flag, of the same office.")


# --- doors ------------------------------------------------------------------------------------------------------------
class FlagView(DeskView):
    permission_classes = [staff_api(Permission.IT_DESK)]

    def answer_with(self, public_id: str) -> Response:
        return Response(WholeFlagShape(access.flag_for_it(self.staff, public_id)).data)


class FlagList(FlagView):
    @extend_schema(
        operation_id="flags_list",
        summary="Flags on which somebody has to do something, IT's own move first, by what is due",
        parameters=[OpenApiParameter("turn", str, enum=[Turn.IT, Turn.OFFICE]), AFTER, LIMIT],
        responses=answers(FlagPageShape),
    )
    def get(self, request: Request) -> Response:
        narrowed = wanted({"turn": request.query_params.get("turn", "")})
        page = console.it_flags(
            self.staff, narrowed, after=request.query_params.get("after", ""), limit=limit(request)
        )  # fmt: skip
        audit.record(
            "flag:list", by=self.staff.actor, practice_id=self.staff.practice_id, shown=len(page.flags), way="api"
        )
        return Response(FlagPageShape({"results": page.flags, "after": page.after}).data)


class FlagDetail(FlagView):
    @extend_schema(operation_id="flags_read", summary="One flag", responses=answers(WholeFlagShape))
    def get(self, request: Request, public_id: str) -> Response:
        flag = access.flag_for_it(self.staff, public_id)
        audit.record("flag:read", by=self.staff.actor, target=flag, practice_id=flag.practice_id, way="api")
        return self.answer_with(public_id)


class FlagAccept(FlagView):
    @extend_schema(
        operation_id="flags_accept", summary="Accept it", request=None, responses=answers(WholeFlagShape, refusals=DEED)
    )
    def post(self, request: Request, public_id: str) -> Response:
        flag = access.flag_for_it(self.staff, public_id)
        escalations.accept(flag=flag, staff=self.staff, by=self.staff.actor)
        return self.answer_with(public_id)


class FlagTakeOver(FlagView):
    @extend_schema(
        operation_id="flags_take_over", summary="Go on with what a colleague accepted",
        request=None, responses=answers(WholeFlagShape, refusals=DEED),
    )  # fmt: skip
    def post(self, request: Request, public_id: str) -> Response:
        flag = access.flag_for_it(self.staff, public_id)
        escalations.take_over(flag=flag, staff=self.staff, by=self.staff.actor)
        return self.answer_with(public_id)


class FlagSnooze(FlagView):
    @extend_schema(
        operation_id="flags_snooze", summary="Put it aside for a week at most, with a reason",
        request=SnoozeShape, responses=answers(WholeFlagShape, refusals=DEED),
    )  # fmt: skip
    def post(self, request: Request, public_id: str) -> Response:
        said, flag = read(SnoozeShape, request), access.flag_for_it(self.staff, public_id)
        escalations.snooze(flag=flag, **said, staff=self.staff, by=self.staff.actor)
        return self.answer_with(public_id)


class FlagLink(FlagView):
    @extend_schema(
        operation_id="flags_link", summary="It is part of an incident that runs",
        request=IncidentShape, responses=answers(WholeFlagShape, refusals=DEED),
    )  # fmt: skip
    def post(self, request: Request, public_id: str) -> Response:
        said, flag = read(IncidentShape, request), access.flag_for_it(self.staff, public_id)
        escalations.link_to_incident(flag=flag, incident_id=said["incident_id"], staff=self.staff, by=self.staff.actor)
        return self.answer_with(public_id)


class FlagDuplicate(FlagView):
    @extend_schema(
        operation_id="flags_duplicate", summary="Back to the office, which follows an older flag of its own",
        request=DuplicateShape, responses=answers(WholeFlagShape, refusals=DEED),
    )  # fmt: skip
    def post(self, request: Request, public_id: str) -> Response:
        said, flag = read(DuplicateShape, request), access.flag_for_it(self.staff, public_id)
        older = access.flag_for_it(self.staff, said["of"])
        escalations.duplicate(flag=flag, of=older, staff=self.staff, by=self.staff.actor)
        return self.answer_with(public_id)


class OfficeFlagView(DeskView):
    """What an office does with a flag of its own ticket."""

    permission_classes = [staff_api(Permission.OFFICE_DESK)]

    def flag(self, public_id: str, flag_id: str) -> "Escalation":
        return access.flag_of(self.staff, access.office_ticket(self.staff, public_id), flag_id)

    def answer_with(self, public_id: str) -> Response:
        return Response(whole(self.ticket(public_id), self.staff))


class TicketFlagReply(OfficeFlagView):
    @extend_schema(
        operation_id="tickets_flag_reply", summary="Answer IT's question, or say that its answer did not help",
        request=ToITShape, responses=answers(TicketWithMessagesShape, refusals=DEED),
    )  # fmt: skip
    def post(self, request: Request, public_id: str, flag_id: str) -> Response:
        said, flag = read(ToITShape, request), self.flag(public_id, flag_id)
        said = cleaned(forms.ToITForm(said, known=known_of(flag.ticket)))
        escalations.reply_to_it(flag=flag, text=said["text"], staff=self.staff, by=self.staff.actor)
        return self.answer_with(public_id)


class TicketFlagConfirm(OfficeFlagView):
    @extend_schema(
        operation_id="tickets_flag_confirm", summary="IT's answer works for the patient",
        request=None, responses=answers(TicketWithMessagesShape, refusals=DEED),
    )  # fmt: skip
    def post(self, request: Request, public_id: str, flag_id: str) -> Response:
        flag = self.flag(public_id, flag_id)
        escalations.office_confirm(flag=flag, staff=self.staff, by=self.staff.actor)
        return self.answer_with(public_id)


class TicketFlagWithdraw(OfficeFlagView):
    @extend_schema(
        operation_id="tickets_flag_withdraw", summary="Take the flag back from IT",
        request=None, responses=answers(TicketWithMessagesShape, refusals=DEED),
    )  # fmt: skip
    def post(self, request: Request, public_id: str, flag_id: str) -> Response:
        escalations.withdraw(flag=self.flag(public_id, flag_id), staff=self.staff, by=self.staff.actor)
        return self.answer_with(public_id)


class FlagDecline(FlagView):
    @extend_schema(
        operation_id="flags_decline",
        summary="Send it back with a code",
        request=DeclineShape,
        responses=answers(WholeFlagShape, refusals=DEED),
    )
    def post(self, request: Request, public_id: str) -> Response:
        said, flag = read(DeclineShape, request), access.flag_for_it(self.staff, public_id)
        escalations.decline(
            flag=flag, code=RefusalCode(said["code"]), note=said["note"], staff=self.staff, by=self.staff.actor
        )
        return self.answer_with(public_id)


class FlagAsk(FlagView):
    @extend_schema(
        operation_id="flags_ask",
        summary="Ask the office",
        request=TextShape,
        responses=answers(WholeFlagShape, refusals=DEED),
    )
    def post(self, request: Request, public_id: str) -> Response:
        said, flag = read(TextShape, request), access.flag_for_it(self.staff, public_id)
        escalations.ask_office(flag=flag, question=said["text"], staff=self.staff, by=self.staff.actor)
        return self.answer_with(public_id)


class FlagAnswer(FlagView):
    @extend_schema(
        operation_id="flags_answer",
        summary="Answer it",
        request=TextShape,
        responses=answers(WholeFlagShape, refusals=DEED),
    )
    def post(self, request: Request, public_id: str) -> Response:
        said, flag = read(TextShape, request), access.flag_for_it(self.staff, public_id)
        escalations.answer(flag=flag, text=said["text"], staff=self.staff, by=self.staff.actor)
        return self.answer_with(public_id)
