"""What codes of the machine are called in front of people."""

import re

from django.utils.translation import gettext_lazy as _

# Where a ledger line's action begins so → what it is about.
AREAS = (
    ("patient:", _("Patients' records")),
    ("access:", _("Portal access")),
    ("account:", _("Sign-ins and passwords")),
    ("verification:", _("Identity checks")),
    ("ticket:", _("Requests")),
    ("flag:", _("Flags to IT")),
    ("visit:", _("Telehealth visits")),
    ("appointment:", _("Appointments")),
    ("staff:", _("Staff and roles")),
    ("practice:", _("Settings")),
    ("incident:", _("Incidents")),
    ("ledger:", _("This ledger")),
)


def in_words(code: str) -> str:
    """ "patient:update-contact" → "Patient: update contact"; "TicketSolved" → "Ticket solved"."""
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", code).replace("_", " ").replace("-", " ").replace(":", ": ")
    return spaced[:1].upper() + spaced[1:].lower()
