"""Many patients: the list, its figures, a new one, invitations to many at once, and who registered on the website."""

from typing import TYPE_CHECKING, Any

from django.core.paginator import Paginator
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from portal_core.access import queries
from portal_core.access.access import registration_for, run_for
from portal_core.access.actions import newcomers, onboarding
from portal_core.access.api import shapes
from portal_core.access.api.base import OfficeView
from portal_core.access.api.patient import PortalView
from portal_core.access.enums import InviteOutcome
from portal_core.access.errors import CannotEnable
from portal_core.access.forms import AddPatientForm
from portal_core.directory import access as directory_access
from portal_core.directory import queries as directory
from portal_core.directory.api import KEY, answers, cleaned, read
from portal_core.directory.enums import Permission
from portal_core.directory.errors import RecordNumberTaken
from portal_core.kernel.errors import Invalid

if TYPE_CHECKING:
    from portal_core.access.models import OnboardingRun

RESULTS = 200  # patients of a run in one answer


class PatientSearch(OfficeView):
    @extend_schema(
        operation_id="patients_search", summary="Patients of one's own offices with their portal status",
        description="By last name and first name. What is looked for travels in the body: names do not stand in "
        "addresses.",
        request=shapes.SearchShape, responses=answers(shapes.PatientPageShape, refusals=(401, 403, 422, 429)),
    )  # fmt: skip
    def post(self, request: Request) -> Response:
        said = read(shapes.SearchShape, request)
        found = queries.onboarding_filter(self.staff, text=said["q"], state=said["state"], office=said["office"])
        page = queries.onboarding_page(found, after=said["after"], limit=said["limit"])
        directory_access.note_list_read(self.staff, shown=len(page.rows), searched=bool(said["q"].strip()), way="api")
        return Response(shapes.PatientPageShape({"results": page.rows, "after": page.after}).data)


class PatientCounts(OfficeView):
    @extend_schema(
        operation_id="patients_counts", summary="How many patients of one's own offices stand where",
        responses=answers(shapes.CountsShape, refusals=(401, 403, 429)),
    )  # fmt: skip
    def get(self, request: Request) -> Response:
        return Response(shapes.CountsShape(queries.onboarding_counts(self.staff)).data)


class Patients(PortalView):
    @extend_schema(
        operation_id="patients_add", summary="Put a new patient on file",
        parameters=[KEY], request=shapes.NewPatientShape,
        responses=answers(shapes.PortalShape, 201, (401, 403, 422, 429)),
    )  # fmt: skip
    def post(self, request: Request) -> Response:
        said = read(shapes.NewPatientShape, request)
        mine = self.staff.offices_for(Permission.PORTAL_ACCESS)
        offices = [row for row in directory.offices(self.staff.practice_id) if mine is None or row.pk in mine]

        def deed() -> str:
            form = AddPatientForm(said, offices=offices)
            given = cleaned(form)
            confirmed = said["shared_confirmed"] or not given["may_activate"]
            if not confirmed and queries.readers_of(self.staff.practice_id, given["email"]):
                raise Invalid(fields={"shared_confirmed": ["Others of the practice use this address."]})
            try:
                patient = newcomers.add_patient(
                    office=form.chosen(), first_name=given["first_name"], last_name=given["last_name"],
                    mrn=given["mrn"], values=form.values(), may_activate=given["may_activate"], by=self.staff.actor,
                )  # fmt: skip
            except RecordNumberTaken as refusal:
                raise Invalid(fields={"mrn": [str(refusal)]}) from refusal
            except CannotEnable as refusal:
                raise Invalid(fields={"may_activate": [str(refusal)]}) from refusal
            return str(patient.public_id)

        return self.answer(self.patient(self.once("add-patient", deed)), status=201)


class RunView(OfficeView):
    """How far a run has come; names of those who need something are a read like any other."""

    def shown(
        self, run: "OnboardingRun", status: int = 200, *, outcome: str = queries.STUCK, page: str = ""
    ) -> Response:
        counts, named = queries.run_progress(run), queries.run_results(run, self.staff, outcome)
        found = Paginator(named, RESULTS).get_page(page)
        directory_access.note_list_read(self.staff, shown=len(found.object_list), searched=False, way="api")
        total = sum(counts.values())
        facts: dict[str, Any] = {
            "id": run.public_id, "created_at": run.created_at, "finished_at": run.finished_at, "total": total,
            "settled": total - counts.get(InviteOutcome.PENDING, 0), "results": found.object_list,
            "next_page": found.next_page_number() if found.has_next() else None,
            "outcomes": [
                {"outcome": outcome, "count": counts[outcome]} for outcome in InviteOutcome if counts.get(outcome)
            ],
        }  # fmt: skip
        return Response(shapes.RunShape(facts).data, status=status)


class Runs(RunView):
    @extend_schema(
        operation_id="invitations_begin", summary="Invite many patients",
        description="Those who are named, or everybody the list is narrowed down to; at most 5,000. The sending goes "
        "on by itself: ask for the run to see how far it has come. Nobody gets two invitations within a day by this.",
        parameters=[KEY], request=shapes.NewRunShape,
        responses=answers(shapes.RunShape, 202, (401, 403, 422, 429)),
    )  # fmt: skip
    def post(self, request: Request) -> Response:
        said = read(shapes.NewRunShape, request)
        ids: list[str] = said["patients"]
        if said["everybody"]:
            found = queries.onboarding_filter(self.staff, text=said["q"], state=said["state"], office=said["office"])
            ids = list(found.values_list("public_id", flat=True)[: onboarding.MOST + 1])
        run_id = onboarding.begin(staff=self.staff, patient_ids=ids, key=self.key, by=self.staff.actor)
        return self.shown(run_for(self.staff, run_id), status=202)


class Run(RunView):
    @extend_schema(
        operation_id="invitations_read", summary="How far invitations to many have come, and who needs something",
        description="`results` names a page of patients: those for whom somebody has to do something, or those with "
        "the `outcome` asked for.",
        parameters=[
            OpenApiParameter("outcome", str, enum=[queries.STUCK, "all", *InviteOutcome.values]),
            OpenApiParameter("page", int, description="`next_page` of the answer before."),
        ],
        responses=answers(shapes.RunShape),
    )  # fmt: skip
    def get(self, request: Request, public_id: str) -> Response:
        asked = request.query_params
        return self.shown(
            run_for(self.staff, public_id), outcome=asked.get("outcome", queries.STUCK), page=asked.get("page", "")
        )


class Registrations(OfficeView):
    @extend_schema(
        operation_id="registrations_list", summary="Who registered at one's offices on the website, newest first",
        responses=answers(shapes.RegistrationListShape, refusals=(401, 403, 429)),
    )  # fmt: skip
    def get(self, request: Request) -> Response:
        rows = queries.registrations(self.staff)
        directory_access.note_list_read(self.staff, shown=len(rows), searched=False, way="api")
        return Response(shapes.RegistrationListShape({"results": rows}).data)


class RegistrationChecked(OfficeView):
    @extend_schema(
        operation_id="registrations_checked", summary="Note that somebody has looked at whom this may be the same as",
        request=None, responses=answers(shapes.RegistrationShape),
    )  # fmt: skip
    def post(self, request: Request, public_id: str) -> Response:
        newcomers.note_checked(registration=registration_for(self.staff, public_id), by=self.staff.actor)
        return Response(shapes.RegistrationShape(registration_for(self.staff, public_id)).data)
