"""What the views of this room share."""

from typing import TYPE_CHECKING, Any

from portal_core.access import gate
from portal_core.access.errors import AttestationRequired, OtherCheckLives
from portal_core.accounts.actions import sign_in
from portal_core.accounts.errors import WrongCredentials
from portal_core.directory import access as directory_access
from portal_core.directory.api import StaffView
from portal_core.directory.enums import Permission
from portal_core.directory.guards import staff_api
from portal_core.kernel.errors import Invalid

if TYPE_CHECKING:
    from portal_core.directory.models import Patient


class OfficeView(StaffView):
    """For those who manage portal access in an office."""

    permission_classes = [staff_api(Permission.PORTAL_ACCESS)]

    def patient(self, public_id: str) -> "Patient":
        """A patient of this person's offices; the read is in the ledger. Raises PatientNotFound, Forbidden."""
        return directory_access.patient_for(self.staff, public_id, to=Permission.PORTAL_ACCESS, way="api")

    def proof(self, patient: "Patient", action: str, attestation_id: str) -> str:
        """The id that was sent, if it is of a check that carries this: live, fitting, of an office this person works
        in; which of several is the caller's choice. Raises AttestationRequired; OtherCheckLives where the named one is
        over and another would do."""
        if not attestation_id:
            raise AttestationRequired
        facts: dict[str, Any] = {"patient_id": patient.public_id, "action": action, "staff": self.staff}
        if gate.find(**facts, attestation_id=attestation_id) is not None:
            return attestation_id
        if (other := gate.find(**facts)) is not None:
            raise OtherCheckLives(attestation_id=other.attestation_id)
        raise AttestationRequired

    def confirm(self, password: str) -> None:
        """The person typed their own password, slowed down like a sign-in. Raises Invalid, SignInSlowedDown."""
        user = self.staff.user
        try:
            if user is None:
                raise WrongCredentials
            sign_in.confirm_password(request=self.request._request, user=user, password=password)
        except WrongCredentials as error:
            raise Invalid(fields={"my_password": ["That is not your password."]}) from error
