from portal_core.access.actions import portal
from portal_core.access.contracts import PasswordHelpAsked, PortalPasswordSet
from portal_core.kernel import outbox


@outbox.handles(PasswordHelpAsked)
def answer_by_mail(event: PasswordHelpAsked) -> None:
    portal.answer_attempt(attempt_id=event.attempt_id)


@outbox.handles(PortalPasswordSet)
def tell_patient(event: PortalPasswordSet) -> None:
    portal.tell_password_set(token_id=event.token_id)
