"""People who act for a patient."""

from typing import TYPE_CHECKING, Any

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from portal_core.access import queries
from portal_core.access.access import proxy_for
from portal_core.access.actions import proxies
from portal_core.access.api import shapes
from portal_core.access.api.base import OfficeView
from portal_core.access.errors import ProxyDatesWrong
from portal_core.access.forms import ProxyForm
from portal_core.directory.api import DEED, KEY, answers, cleaned, read
from portal_core.kernel import clock
from portal_core.kernel.errors import Invalid

if TYPE_CHECKING:
    from portal_core.directory.models import Patient


class Proxies(OfficeView):
    @extend_schema(
        operation_id="proxies_list", summary="Everybody who acts or acted for a patient, newest first",
        responses=answers(shapes.ProxyListShape),
    )  # fmt: skip
    def get(self, request: Request, public_id: str) -> Response:
        return _listed(self.patient(public_id))

    @extend_schema(
        operation_id="proxies_grant", summary="Let somebody act for a patient",
        description="Uses up an identity check. They get an e-mail with everything they need.",
        parameters=[KEY], request=shapes.NewProxyShape, responses=answers(shapes.ProxyListShape, 201, DEED),
    )  # fmt: skip
    def post(self, request: Request, public_id: str) -> Response:
        patient, said = self.patient(public_id), read(shapes.NewProxyShape, request)

        def deed() -> str:
            form = ProxyForm(
                said, today=queries.today_of(patient, clock.now()), patient_email=patient.email,
                own_from=queries.ages_of(patient.practice).own_from,
            )  # fmt: skip
            given = cleaned(form)
            del given["my_password"]
            proof = self.proof(patient, "grant_proxy", said["attestation_id"])
            try:
                row = proxies.grant(patient=patient, **given, attestation_id=proof, by=self.staff.actor)
            except ProxyDatesWrong as refusal:
                raise Invalid(fields={"ends_on": [str(refusal)]}, **refusal.facts) from refusal
            return str(row.public_id)

        self.confirm(said["my_password"])
        self.once(f"proxy:{patient.pk}", deed)
        return _listed(patient, status=201)


class ProxyEnd(OfficeView):
    @extend_schema(
        operation_id="proxies_end", summary="End it now; the person is signed out",
        request=None, responses=answers(shapes.ProxyListShape),
    )  # fmt: skip
    def post(self, request: Request, public_id: str, grant_id: str) -> Response:
        patient = self.patient(public_id)
        proxies.end(grant=proxy_for(patient, grant_id), by=self.staff.actor)
        return _listed(patient)


class ProxyLink(OfficeView):
    @extend_schema(
        operation_id="proxies_send_link", summary="Send the person a new link",
        description="To their own address. Who has a user name and a password already gets a link for a new password, "
        "and for that an identity check is used up.",
        parameters=[KEY], request=shapes.ProofShape, responses=answers(shapes.ProxyListShape, 202, DEED),
    )  # fmt: skip
    def post(self, request: Request, public_id: str, grant_id: str) -> Response:
        patient = self.patient(public_id)
        grant, said = proxy_for(patient, grant_id), read(shapes.ProofShape, request)

        def deed() -> str:
            known = grant.person.user_id is not None
            proof = self.proof(patient, "send_reset_link", said["attestation_id"]) if known else ""
            proxies.send_link(grant=grant, attestation_id=proof, by=self.staff.actor)
            return str(grant.public_id)

        self.once(f"proxy-link:{grant.pk}", deed)
        return _listed(patient, status=202)


def _listed(patient: "Patient", status: int = 200) -> Response:
    now = clock.now()
    rows: list[dict[str, Any]] = [
        {
            "grant": row,
            "scopes_today": sorted(queries.scopes_of(row, now)),
            "has_signed_up": row.person.user_id is not None,
        }
        for row in queries.proxies_of(patient)
    ]
    return Response(shapes.ProxyListShape({"results": rows}).data, status=status)
