"""One patient's portal access: where it stands, the switch, links, credentials, address, what was tried and sent."""

from typing import TYPE_CHECKING, Any

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from portal_core.access import gate, queries
from portal_core.access.access import link_for
from portal_core.access.actions import email as email_actions
from portal_core.access.actions import manual, portal
from portal_core.access.api import shapes
from portal_core.access.api.base import OfficeView
from portal_core.access.enums import AccessLevel, PortalState
from portal_core.access.errors import HoldStays
from portal_core.access.forms import CredentialsForm, EmailChangeForm, UsernameForm
from portal_core.accounts.actions import sign_in
from portal_core.accounts.errors import UnusablePassword, UsernameTaken
from portal_core.directory.api import DEED, KEY, LIMIT, answers, cleaned, limit, read
from portal_core.kernel import clock
from portal_core.kernel.errors import Invalid
from portal_core.kernel.http import ratelimit

if TYPE_CHECKING:
    from portal_core.directory.models import Patient

TRIES = 20


class PortalView(OfficeView):
    """Whatever is done to one patient's access answers with where it stands afterwards."""

    def answer(self, patient: "Patient", status: int = 200) -> Response:
        return Response(shapes.PortalShape(standing(patient)).data, status=status)


class Portal(PortalView):
    @extend_schema(
        operation_id="portal_read", summary="Where a patient's portal access stands",
        responses=answers(shapes.PortalShape),
    )  # fmt: skip
    def get(self, request: Request, public_id: str) -> Response:
        return self.answer(self.patient(public_id))


class PortalLevel(PortalView):
    @extend_schema(
        operation_id="portal_set_level", summary="Switch access on or off",
        description="Before it is switched on: make sure that nobody else reads the patient's mailbox. Off signs the "
        "patient out and ends every link.",
        request=shapes.LevelShape, responses=answers(shapes.PortalShape, refusals=DEED),
    )  # fmt: skip
    def put(self, request: Request, public_id: str) -> Response:
        patient, said = self.patient(public_id), read(shapes.LevelShape, request)
        giving = said["level"] == AccessLevel.CAN_ACCESS and not (said["manual"] or said["shared_confirmed"])
        if giving and queries.sharing_mailbox(patient, patient.email):
            raise Invalid(fields={"shared_confirmed": ["Others of the practice use this address."]})
        portal.set_level(
            patient=patient, level=AccessLevel(said["level"]), manual=said["manual"], by=self.staff.actor
        )  # fmt: skip
        return self.answer(patient)


class PortalLinks(PortalView):
    @extend_schema(
        operation_id="portal_send_link", summary="Send the invitation or the reset link",
        description="To the address on file. Who never signed in gets an invitation; everybody else a reset link, and "
        "for that an identity check is used up.",
        parameters=[KEY], request=shapes.ProofShape, responses=answers(shapes.LinkShape, 201, DEED),
    )  # fmt: skip
    def post(self, request: Request, public_id: str) -> Response:
        patient, said = self.patient(public_id), read(shapes.ProofShape, request)

        def deed() -> str:
            if queries.portal_status(patient).state == PortalState.ACTIVE:
                proof = self.proof(patient, "send_reset_link", said["attestation_id"])
                row = portal.send_reset_link(patient=patient, attestation_id=proof, by=self.staff.actor)
            else:
                row = portal.resend_invitation(patient=patient, by=self.staff.actor)
            return str(row.public_id)

        link = link_for(patient, self.once(f"link:{patient.pk}", deed))
        return Response(shapes.LinkShape(link).data, status=201)


class PortalUsername(OfficeView):
    @extend_schema(
        operation_id="portal_check_username", summary="Whether a user name is valid and free",
        request=shapes.UsernameShape, responses=answers(shapes.VerdictShape),
    )  # fmt: skip
    def post(self, request: Request, public_id: str) -> Response:
        ratelimit.hit("access:username-check", self.staff.public_id, limit=120, per=60)
        patient, said = self.patient(public_id), read(shapes.UsernameShape, request)
        form = UsernameForm(said, patient=patient)
        problem = "" if form.is_valid() else " ".join(str(each) for each in form.errors.get("username", []))
        return Response(shapes.VerdictShape({"usable": not problem, "problem": problem}).data)


class PortalCredentials(PortalView):
    @extend_schema(
        operation_id="portal_set_credentials", summary="Set a user name, or user name and password by hand",
        description="A password by hand uses up an identity check and ends every session and link. Tell it in person "
        "or over the phone, never by e-mail or message.",
        parameters=[KEY], request=shapes.CredentialsShape, responses=answers(shapes.PortalShape, refusals=DEED),
    )  # fmt: skip
    def post(self, request: Request, public_id: str) -> Response:
        patient, said = self.patient(public_id), read(shapes.CredentialsShape, request)

        def deed() -> str:
            form = CredentialsForm({**said, "by_hand": bool(said["password"])}, patient=patient)
            self._set(patient, cleaned(form, by_hand="password"), said["attestation_id"])
            return str(patient.public_id)

        self.confirm(said["my_password"])
        self.once(f"credentials:{patient.pk}", deed)
        return self.answer(patient)

    def _set(self, patient: "Patient", given: dict[str, Any], attestation_id: str) -> None:
        username, by = given.get("username", ""), self.staff.actor
        try:
            if given["by_hand"]:
                proof = self.proof(patient, "set_credentials", attestation_id)
                manual.set_credentials(
                    patient=patient, username=username, password=given["password"], attestation_id=proof, by=by
                )
            else:
                manual.set_username(patient=patient, username=username, by=by)
        except UsernameTaken as refusal:
            raise Invalid(fields={"username": [str(refusal)]}) from refusal
        except UnusablePassword as refusal:
            raise Invalid(fields={"password": refusal.facts["password"]}) from refusal


class PortalEmail(PortalView):
    @extend_schema(
        operation_id="portal_change_email", summary="Change the e-mail address of somebody with portal access",
        description="Uses up an identity check. Sessions and links end, both addresses hear of it, and for a day the "
        "new one gets neither link nor invitation.",
        parameters=[KEY], request=shapes.EmailShape, responses=answers(shapes.PortalShape, refusals=DEED),
    )  # fmt: skip
    def post(self, request: Request, public_id: str) -> Response:
        patient, said = self.patient(public_id), read(shapes.EmailShape, request)

        def deed() -> str:
            given = cleaned(EmailChangeForm({**said, "skip": bool(said["skip_reason"])}))
            shared = queries.sharing_mailbox(patient, given["email"])
            if shared and not said["shared_confirmed"]:
                raise Invalid(fields={"shared_confirmed": ["Other patients of the practice use this address."]})
            proof = self.proof(patient, "change_email", said["attestation_id"])
            try:
                row = email_actions.change(
                    patient=patient, new_email=given["email"], attestation_id=proof, skip_reason=given["skip_reason"],
                    by=self.staff.actor,
                )  # fmt: skip
            except HoldStays as refusal:
                raise Invalid(fields={"skip_reason": [str(refusal)]}) from refusal
            return str(row.public_id)

        self.confirm(said["my_password"])
        self.once(f"email:{patient.pk}", deed)
        return self.answer(patient)


class PortalEmailRelease(PortalView):
    @extend_schema(
        operation_id="portal_release_email", summary="Let a new e-mail address count at once",
        description="The patient came and was verified in person; uses up that check.",
        request=shapes.ReleaseShape, responses=answers(shapes.PortalShape, refusals=DEED),
    )  # fmt: skip
    def post(self, request: Request, public_id: str) -> Response:
        patient, said = self.patient(public_id), read(shapes.ReleaseShape, request)
        if queries.address_hold(patient, clock.now()) is not None:  # over already: pressing twice is no mistake
            proof = self.proof(patient, "change_email", said["attestation_id"])
            email_actions.end_hold(
                patient=patient, reason=said["reason"], attestation_id=proof, by=self.staff.actor
            )  # fmt: skip
        return self.answer(patient)


class PortalPause(PortalView):
    @extend_schema(
        operation_id="portal_clear_pause", summary="Let the patient try to sign in again at once",
        responses=answers(shapes.PortalShape),
    )  # fmt: skip
    def delete(self, request: Request, public_id: str) -> Response:
        patient = self.patient(public_id)
        if patient.user is not None:
            sign_in.clear_pause(user=patient.user, by=self.staff.actor)
        return self.answer(patient)


class PortalProofs(OfficeView):
    @extend_schema(
        operation_id="portal_proofs", summary="Identity checks that would carry an action now",
        responses=answers(shapes.ProofListShape),
    )  # fmt: skip
    def get(self, request: Request, public_id: str) -> Response:
        patient = self.patient(public_id)
        found = [
            {"action": action, **{name: getattr(proof, name) for name in proof.__slots__}}
            for action in gate.ACTIONS
            if (proof := gate.find(patient_id=patient.public_id, action=action, staff=self.staff)) is not None
        ]
        return Response(shapes.ProofListShape({"results": found}).data)


class PortalAttempts(OfficeView):
    @extend_schema(
        operation_id="portal_attempts", summary="The latest tries at the sign-in page, newest first",
        responses=answers(shapes.AttemptListShape),
    )  # fmt: skip
    def get(self, request: Request, public_id: str) -> Response:
        rows = queries.last_attempts(self.patient(public_id), limit=TRIES)
        return Response(shapes.AttemptListShape({"results": rows}).data)


class PortalDeliveries(OfficeView):
    @extend_schema(
        operation_id="portal_deliveries", summary="What was sent to the patient and what became of it, newest first",
        parameters=[LIMIT], responses=answers(shapes.TrackedListShape),
    )  # fmt: skip
    def get(self, request: Request, public_id: str) -> Response:
        rows = queries.deliveries(self.patient(public_id), clock.now(), limit=limit(request))
        return Response(shapes.TrackedListShape({"results": rows}).data)


def standing(patient: "Patient") -> dict[str, Any]:
    """The whole of a patient's access, as the page shows it; the same queries whatever there is."""
    now, change = clock.now(), queries.last_email_change(patient)
    status, held = queries.portal_status(patient), queries.held(change, now)
    user = patient.user
    return {
        "patient": patient,
        "state": status.state, "reasons": status.reasons, "advice": status.advice, "enabled": status.enabled,
        "email": patient.email,
        "username": user.username if user is not None else "",
        "last_sign_in_at": queries.last_sign_in(patient),
        "pause_seconds": sign_in.pause_of(user, now) if user is not None else 0,
        "email_held_until": held.hold_until if held is not None else None,
        "email_change_stopped_at": change.stopped_at if change is not None else None,
        "shares_mailbox_with": queries.sharing_mailbox(patient, patient.email),
    }  # fmt: skip
