"""The two desks for programs: `/api/v1/tickets/` for offices and IT, `/api/v1/flags/` for IT.

The same doors, the same actions and the same refusals as on the pages. What a program may do is what the person may do
whose session or token it shows: an office sees its own tickets, IT sees flags without a patient (TR-01).
"""

from typing import TYPE_CHECKING, Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response

from helpdesk import access as helpdesk_access
from helpdesk import queries as helpdesk
from helpdesk.actions import tickets
from helpdesk.enums import (
    RESOLUTIONS_BY_HAND,
    Category,
    Channel,
    RequesterKind,
    Resolution,
    Side,
    TicketState,
    Turn,
    Visibility,
)
from portal_core.access.actions import pins
from portal_core.directory.api import AFTER, DEED, KEY, LIMIT, PersonShape, StaffView, answers, limit, read
from portal_core.directory.enums import Permission
from portal_core.directory.guards import staff_api
from portal_core.kernel import audit, clock
from triage import access
from triage.actions import accounts

if TYPE_CHECKING:
    from helpdesk.models import Ticket
    from portal_core.directory.models import Staff


# --- shapes -----------------------------------------------------------------------------------------------------------
class TicketShape(serializers.Serializer[Any]):
    """A ticket in a list."""

    id = serializers.CharField(source="public_id")
    reference = serializers.CharField(help_text="The short code that is read aloud on the phone.")
    side = serializers.ChoiceField(choices=Side.choices)
    office = PersonShape()
    category = serializers.ChoiceField(choices=Category.choices)
    channel = serializers.ChoiceField(choices=Channel.choices)
    subject = serializers.CharField()
    state = serializers.ChoiceField(choices=TicketState.choices)
    turn = serializers.ChoiceField(choices=Turn.choices, help_text="Whose move it is.")
    requester_kind = serializers.ChoiceField(choices=RequesterKind.choices)
    requester_name = serializers.CharField()
    owner = PersonShape(allow_null=True)
    incident_id = serializers.CharField(help_text="Of the status page; empty when none is linked.")
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()
    due_at = serializers.DateTimeField(allow_null=True)


class MessageShape(serializers.Serializer[Any]):
    id = serializers.CharField(source="public_id")
    author_kind = serializers.CharField()
    author = serializers.CharField(source="author_label")
    visibility = serializers.ChoiceField(choices=Visibility.choices)
    body = serializers.CharField()
    at = serializers.DateTimeField()


class TicketWithMessagesShape(TicketShape):
    """One ticket with its conversation, oldest message first."""

    requester_email = serializers.CharField()
    requester_phone = serializers.CharField()
    error_text = serializers.CharField()
    messages = MessageShape(many=True)


class TicketPageShape(serializers.Serializer[Any]):
    results = TicketShape(many=True)
    after = serializers.CharField(help_text="Ask with it for the next page; empty at the end.")


class NewMessageShape(serializers.Serializer[Any]):
    body = serializers.CharField(max_length=5000)
    visibility = serializers.ChoiceField(choices=Visibility.choices, default=Visibility.INTERNAL)
    expects_answer = serializers.BooleanField(
        default=False, help_text="The ticket then waits for the requester. Only with visibility=patient."
    )


class SolveShape(serializers.Serializer[Any]):
    resolution = serializers.ChoiceField(choices=[(one.value, one.label) for one in RESOLUTIONS_BY_HAND])
    note = serializers.CharField(max_length=5000, required=False, default="", allow_blank=True)


class TicketProofShape(serializers.Serializer[Any]):
    attestation_id = serializers.CharField(
        max_length=40, help_text="Of a live identity check on this ticket; it is used up."
    )


class PinShape(serializers.Serializer[Any]):
    """Told this once and kept nowhere; an earlier one has stopped working."""

    pin = serializers.CharField()
    expires_at = serializers.DateTimeField()


# --- doors ------------------------------------------------------------------------------------------------------------
class DeskView(StaffView):
    """The desks of an office and of IT."""

    permission_classes: list[type[BasePermission]] = [staff_api(Permission.OFFICE_DESK, Permission.IT_DESK)]

    def ticket(self, public_id: str) -> "Ticket":
        """A patient's ticket of this person's office, or one written to IT. Raises TicketNotFound."""
        found = helpdesk_access.ticket_for(self.staff, public_id)
        door = access.office_ticket if found.side == Side.OFFICE else access.it_ticket
        return door(self.staff, public_id)


class TicketList(DeskView):
    @extend_schema(
        operation_id="tickets_list",
        summary="Open tickets, what is due first",
        parameters=[
            OpenApiParameter("side", str, enum=Side.values, description="Default: office where you have a desk there."),
            OpenApiParameter("turn", str, enum=Turn.values),
            OpenApiParameter("mine", bool),
            AFTER,
            LIMIT,
        ],
        responses=answers(TicketPageShape),
    )
    def get(self, request: Request) -> Response:
        side = request.query_params.get("side") or (Side.OFFICE if self.staff.may(Permission.OFFICE_DESK) else Side.IT)
        turn = request.query_params.get("turn", "")
        queue = helpdesk.office_queue if side == Side.OFFICE else helpdesk.it_queue
        page = queue(
            self.staff,
            turn=Turn(turn) if turn in Turn.values else None,
            mine=request.query_params.get("mine") == "true",
            after=request.query_params.get("after", ""),
            limit=limit(request),
        )
        audit.record(
            "ticket:list", by=self.staff.actor, practice_id=self.staff.practice_id, shown=len(page.tickets), way="api"
        )
        return Response(TicketPageShape({"results": page.tickets, "after": page.after}).data)


class TicketDetail(DeskView):
    @extend_schema(
        operation_id="tickets_read",
        summary="One ticket with its conversation",
        responses=answers(TicketWithMessagesShape),
    )
    def get(self, request: Request, public_id: str) -> Response:
        return Response(whole(self.ticket(public_id), self.staff))


class TicketTake(DeskView):
    @extend_schema(
        operation_id="tickets_take",
        summary="Take it",
        request=None,
        responses=answers(TicketWithMessagesShape, refusals=DEED),
    )
    def post(self, request: Request, public_id: str) -> Response:
        ticket = tickets.take(ticket=self.ticket(public_id), staff=self.staff, by=self.staff.actor)
        return Response(whole(ticket, self.staff))


class TicketMessages(DeskView):
    @extend_schema(
        operation_id="tickets_write", summary="Answer the requester, or write an internal note",
        parameters=[KEY], request=NewMessageShape, responses=answers(TicketWithMessagesShape, 201, DEED),
    )  # fmt: skip
    def post(self, request: Request, public_id: str) -> Response:
        said, ticket = read(NewMessageShape, request), self.ticket(public_id)

        def deed() -> str:
            if said["visibility"] == Visibility.PATIENT:
                row = tickets.reply(
                    ticket=ticket, body=said["body"], expects_answer=said["expects_answer"], by=self.staff.actor
                )
            else:
                row = tickets.add_note(ticket=ticket, body=said["body"], by=self.staff.actor)
            return str(row.public_id)

        self.once(f"message:{ticket.pk}", deed)
        return Response(whole(self.ticket(public_id), self.staff), status=201)


class TicketSolve(DeskView):
    @extend_schema(
        operation_id="tickets_solve",
        summary="Solve it",
        request=SolveShape,
        responses=answers(TicketWithMessagesShape, refusals=DEED),
    )
    def post(self, request: Request, public_id: str) -> Response:
        said = read(SolveShape, request)
        ticket = tickets.solve(
            ticket=self.ticket(public_id), resolution=Resolution(said["resolution"]), note=said["note"],
            by=self.staff.actor,
        )  # fmt: skip
        return Response(whole(ticket, self.staff))


class AccountView(DeskView):
    """What an office does to an account on the strength of a check on the ticket."""

    permission_classes = [staff_api(Permission.OFFICE_DESK)]

    def said(self, request: Request, public_id: str) -> "dict[str, Any]":
        ticket = access.office_ticket(self.staff, public_id)
        proof = read(TicketProofShape, request)["attestation_id"]
        return {"ticket": ticket, "attestation_id": proof, "staff": self.staff, "by": self.staff.actor}


class TicketLink(AccountView):
    @extend_schema(
        operation_id="tickets_send_link", summary="Send the invitation or the reset link to the e-mail on file",
        request=TicketProofShape, responses=answers(TicketWithMessagesShape, refusals=DEED),
    )  # fmt: skip
    def post(self, request: Request, public_id: str) -> Response:
        accounts.send_link(**self.said(request, public_id))
        return Response(whole(self.ticket(public_id), self.staff))


class TicketPin(AccountView):
    @extend_schema(
        operation_id="tickets_issue_pin", summary="Issue a registration PIN",
        request=TicketProofShape, responses=answers(PinShape, 201, DEED),
    )  # fmt: skip
    def post(self, request: Request, public_id: str) -> Response:
        pin = accounts.issue_pin(**self.said(request, public_id))
        return Response(PinShape({"pin": pin, "expires_at": clock.now() + pins.LIFETIME}).data, status=201)


class TicketSecondStep(AccountView):
    @extend_schema(
        operation_id="tickets_reset_second_step", summary="Take off the patient's lost second step",
        request=TicketProofShape, responses=answers(TicketWithMessagesShape, refusals=DEED),
    )  # fmt: skip
    def post(self, request: Request, public_id: str) -> Response:
        accounts.reset_second_step(**self.said(request, public_id))
        return Response(whole(self.ticket(public_id), self.staff))


def whole(ticket: "Ticket", staff: "Staff") -> dict[str, Any]:
    audit.record(
        "ticket:read", by=staff.actor, target=ticket, practice_id=ticket.practice_id, at=clock.now(), way="api"
    )
    messages = MessageShape(helpdesk.thread(ticket), many=True).data
    shown = TicketShape(ticket).data
    return {
        **shown, "requester_email": ticket.requester_email, "requester_phone": ticket.requester_phone,
        "error_text": ticket.error_text, "messages": messages,
    }  # fmt: skip
