from portal_core.access.actions import asking, email, newcomers, portal
from portal_core.access.contracts import (
    EmailImported,
    PasswordHelpAsked,
    PatientDied,
    PortalPasswordSet,
    RegistrationSent,
)
from portal_core.kernel import outbox


@outbox.handles(PasswordHelpAsked)
def answer_by_mail(event: PasswordHelpAsked) -> None:
    asking.answer_attempt(attempt_id=event.attempt_id, granted=event.granted, alike=event.alike)


@outbox.handles(PortalPasswordSet)
def tell_patient(event: PortalPasswordSet) -> None:
    portal.tell_password_set(token_id=event.token_id)


@outbox.handles(EmailImported)
def tell_both_addresses(event: EmailImported) -> None:
    email.tell_imported(change_id=event.change_id)


@outbox.handles(PatientDied)
def close_what_is_open(event: PatientDied) -> None:
    portal.close_deceased(patient_id=event.patient_id)


@outbox.handles(RegistrationSent)
def take_in(event: RegistrationSent) -> None:
    newcomers.take_in(registration_id=event.registration_id)
