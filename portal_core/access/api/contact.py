"""What is on file of a patient: the page "Basic data" for programs (PC-29: e-mail and zip code)."""

from typing import TYPE_CHECKING

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from portal_core.access.api import shapes
from portal_core.access.api.base import OfficeView
from portal_core.directory.actions import patients
from portal_core.directory.api import DEED, answers, contact_of, contact_values, read

if TYPE_CHECKING:
    from portal_core.directory.models import Patient


class PatientContact(OfficeView):
    def answer(self, patient: "Patient") -> Response:
        return Response(shapes.ContactShape({"patient": patient, **contact_of(patient)}).data)

    @extend_schema(
        operation_id="patients_contact", summary="What is on file of a patient", responses=answers(shapes.ContactShape)
    )
    def get(self, request: Request, public_id: str) -> Response:
        return self.answer(self.patient(public_id))

    @extend_schema(
        operation_id="patients_change_contact", summary="Change some of what is on file",
        description="What is left out stays. The e-mail address of somebody with portal access is changed under "
        "`portal/email/`: here it is refused (409), as is what a colleague has changed since you looked.",
        request=shapes.ContactChangeShape, responses=answers(shapes.ContactShape, refusals=DEED),
    )  # fmt: skip
    def patch(self, request: Request, public_id: str) -> Response:
        patient, said = self.patient(public_id), read(shapes.ContactChangeShape, request)
        values = contact_values(patient, said)
        patients.update_contact(patient=patient, values=values, seen=said["seen"], by=self.staff.actor)
        patient.refresh_from_db()
        return self.answer(patient)
