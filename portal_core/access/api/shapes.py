"""What goes in and out. Values are checked here for their form; whether they may stand, the forms and actions say."""

from typing import Any

from rest_framework import serializers

from portal_core.access.enums import (
    AccessLevel,
    HelpFlow,
    InviteOutcome,
    PortalState,
    ProxyScope,
    Reason,
    Relationship,
    TokenPurpose,
)
from portal_core.directory.api import PersonShape
from portal_core.notify.enums import Channel, DeliveryState

Shape = serializers.Serializer[Any]
FILTERS = [
    *((value, label) for value, label in PortalState.choices),
    *((value, label) for value, label in Reason.choices),
]


# --- lists ------------------------------------------------------------------------------------------------------------
class StatusShape(Shape):
    """Where a patient stands (PC-24 to PC-32): the state, why, and the sentences to read to them."""

    state = serializers.ChoiceField(choices=PortalState.choices)
    reasons = serializers.ListField(child=serializers.ChoiceField(choices=Reason.choices))
    advice = serializers.ListField(child=serializers.CharField())
    enabled = serializers.BooleanField(help_text="Whether the switch is on, whatever else is missing.")


class NarrowShape(Shape):
    """What the list is narrowed down to; everything may be left out."""

    q = serializers.CharField(
        max_length=120, required=False, default="", allow_blank=True,
        help_text="Names, a record number, an e-mail address, a date of birth or the last digits of a phone number.",
    )  # fmt: skip
    state = serializers.ChoiceField(choices=FILTERS, required=False, default="", allow_blank=True)
    office = serializers.CharField(max_length=20, required=False, default="", allow_blank=True)


class SearchShape(NarrowShape):
    after = serializers.CharField(max_length=20, required=False, default="", allow_blank=True)
    limit = serializers.IntegerField(min_value=1, max_value=100, required=False, default=50)


class PatientRowShape(Shape):
    id = serializers.CharField(source="patient.public_id")
    name = serializers.CharField(source="patient.name")
    record_number = serializers.CharField(source="patient.mrn")
    birth_date = serializers.DateField(source="patient.birth_date", allow_null=True)
    email = serializers.CharField(source="patient.email")
    office = PersonShape(source="patient.home_office")
    status = StatusShape()
    invited_at = serializers.DateTimeField(allow_null=True, help_text="When the newest link was mailed.")


class PatientPageShape(Shape):
    results = PatientRowShape(many=True)
    after = serializers.CharField(help_text="Ask with it for the next page; empty at the end.")


class CountsShape(Shape):
    all = serializers.IntegerField()
    inactive = serializers.IntegerField()
    unactivated = serializers.IntegerField()
    active = serializers.IntegerField()
    not_enabled = serializers.IntegerField()
    no_email = serializers.IntegerField()
    no_zip = serializers.IntegerField()


class NewPatientShape(Shape):
    """A patient typed in by the office (PC-35)."""

    office = serializers.CharField(max_length=20)
    first_name = serializers.CharField(max_length=80)
    last_name = serializers.CharField(max_length=80)
    birth_date = serializers.DateField()
    email = serializers.CharField(max_length=254, required=False, default="", allow_blank=True)
    zip_code = serializers.CharField(max_length=16, required=False, default="", allow_blank=True)
    phone = serializers.CharField(max_length=32, required=False, default="", allow_blank=True)
    mrn = serializers.CharField(max_length=64, required=False, default="", allow_blank=True)
    may_activate = serializers.BooleanField(default=False, help_text="Portal access is on from the start.")
    shared_confirmed = serializers.BooleanField(
        default=False, help_text="The patient knows that others read this mailbox; asked for where access is given."
    )


class ContactChangeShape(Shape):
    """Any of them; `seen` is what the answer before said, so that nobody overwrites what they have not read."""

    seen = serializers.CharField(max_length=64)
    preferred_name = serializers.CharField(max_length=80, required=False, allow_blank=True)
    birth_date = serializers.DateField(required=False, allow_null=True)
    email = serializers.CharField(max_length=254, required=False, allow_blank=True)
    phone = serializers.CharField(max_length=32, required=False, allow_blank=True)
    street = serializers.CharField(max_length=200, required=False, allow_blank=True)
    city = serializers.CharField(max_length=100, required=False, allow_blank=True)
    state = serializers.CharField(max_length=40, required=False, allow_blank=True)
    zip = serializers.CharField(max_length=16, required=False, allow_blank=True)
    language = serializers.CharField(max_length=16, required=False, allow_blank=True)


class ContactShape(Shape):
    patient = PersonShape()
    seen = serializers.CharField(help_text="Send it with a change.")
    preferred_name = serializers.CharField()
    birth_date = serializers.DateField(allow_null=True)
    email = serializers.CharField()
    phone = serializers.CharField()
    street = serializers.CharField()
    city = serializers.CharField()
    state = serializers.CharField()
    zip = serializers.CharField()
    language = serializers.CharField()


# --- one patient ------------------------------------------------------------------------------------------------------
class PortalShape(StatusShape):
    patient = PersonShape()
    email = serializers.CharField()
    username = serializers.CharField(help_text="Empty where there is none yet.")
    last_sign_in_at = serializers.DateTimeField(allow_null=True)
    pause_seconds = serializers.IntegerField(help_text="How long the next try to sign in has to wait; 0: it need not.")
    email_held_until = serializers.DateTimeField(
        allow_null=True, help_text="Until then a new e-mail address gets neither link nor invitation."
    )
    email_change_stopped_at = serializers.DateTimeField(
        allow_null=True, help_text="Somebody at the old address said that a change was not theirs."
    )
    shares_mailbox_with = PersonShape(many=True)


class LevelShape(Shape):
    level = serializers.ChoiceField(choices=AccessLevel.choices)
    manual = serializers.BooleanField(
        default=False, help_text="For a patient without e-mail address or zip code, who gets a password by hand."
    )
    shared_confirmed = serializers.BooleanField(
        default=False, help_text="The patient knows that the people under `shares_mailbox_with` read this mailbox."
    )


class ProofShape(Shape):
    attestation_id = serializers.CharField(
        max_length=40, required=False, default="", allow_blank=True,
        help_text="Of a live identity check of this patient, see `proofs`.",
    )  # fmt: skip


class MyPasswordShape(ProofShape):
    my_password = serializers.CharField(
        max_length=256, trim_whitespace=False, write_only=True,
        help_text="Of the person this program acts for: the page asks for it, too.",
    )  # fmt: skip


class LinkShape(Shape):
    """A link that was mailed to the address on file; its secret is told to nobody else."""

    id = serializers.CharField(source="public_id")
    purpose = serializers.ChoiceField(choices=TokenPurpose.choices)
    created_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField()


class UsernameShape(Shape):
    username = serializers.CharField(max_length=60)


class VerdictShape(Shape):
    usable = serializers.BooleanField()
    problem = serializers.CharField(help_text="What is wrong with it; empty where nothing is.")


class CredentialsShape(MyPasswordShape):
    username = serializers.CharField(
        max_length=60, required=False, default="", allow_blank=True, help_text="Only where there is none yet."
    )
    password = serializers.CharField(
        max_length=256, required=False, default="", allow_blank=True, trim_whitespace=False, write_only=True,
        help_text="By hand: good for 72 hours and to be changed at the first sign-in. Left out: the user name alone.",
    )  # fmt: skip


class EmailShape(MyPasswordShape):
    email = serializers.CharField(max_length=254)
    shared_confirmed = serializers.BooleanField(
        default=False, help_text="The patient knows that others of the practice use this address."
    )
    skip_reason = serializers.CharField(
        max_length=200, required=False, default="", allow_blank=True,
        help_text="Why the new address cannot wait a day; only for a patient who was verified in person.",
    )  # fmt: skip


class ReleaseShape(ProofShape):
    reason = serializers.CharField(max_length=200)


class ProofFoundShape(Shape):
    action = serializers.CharField(help_text="What this check would carry now.")
    attestation_id = serializers.CharField()
    level = serializers.CharField()
    methods = serializers.ListField(child=serializers.CharField())
    in_person = serializers.BooleanField()
    attested_by = serializers.CharField()
    attested_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField()


class ProofListShape(Shape):
    results = ProofFoundShape(many=True)


class MatchedShape(Shape):
    email = serializers.BooleanField(source="email_matched")
    last_name = serializers.BooleanField(source="last_name_matched")
    birth_date = serializers.BooleanField(source="birth_date_matched")
    zip_code = serializers.BooleanField(source="zip_matched")


class AttemptShape(Shape):
    """One try at the sign-in page: which of the four details agreed, never what was typed (PC-32)."""

    at = serializers.DateTimeField()
    flow = serializers.ChoiceField(choices=HelpFlow.choices)
    matched = MatchedShape(source="*")
    ambiguous = serializers.BooleanField(help_text="Several people fit; the answer was the same as for none.")
    succeeded = serializers.BooleanField()


class AttemptListShape(Shape):
    results = AttemptShape(many=True)


class TrackedShape(Shape):
    """One mail or text to the patient and what became of it (PC-58)."""

    name = serializers.CharField()
    channel = serializers.ChoiceField(choices=Channel.choices)
    address = serializers.CharField()
    state = serializers.ChoiceField(choices=DeliveryState.choices, source="code")
    sentence = serializers.CharField(help_text="What became of it, and what to do.")
    link = serializers.CharField(help_text="What became of the link in it; empty where there is none.")
    at = serializers.DateTimeField()


class TrackedListShape(Shape):
    results = TrackedShape(many=True)


# --- people who act for a patient -------------------------------------------------------------------------------------
class NewProxyShape(MyPasswordShape):
    name = serializers.CharField(max_length=120)
    email = serializers.CharField(max_length=254, help_text="Their own, not the patient's.")
    relationship = serializers.ChoiceField(choices=Relationship.choices)
    scopes = serializers.ListField(child=serializers.ChoiceField(choices=ProxyScope.choices), min_length=1)
    starts_on = serializers.DateField()
    ends_on = serializers.DateField(help_text="The last day; at most a year.")


class ProxyShape(Shape):
    id = serializers.CharField(source="grant.public_id")
    person = PersonShape(source="grant.person")
    relationship = serializers.ChoiceField(choices=Relationship.choices, source="grant.relationship")
    scopes = serializers.ListField(child=serializers.ChoiceField(choices=ProxyScope.choices), source="grant.scopes")
    scopes_today = serializers.ListField(
        child=serializers.ChoiceField(choices=ProxyScope.choices), help_text="What holds now, by dates and age."
    )
    starts_on = serializers.DateField(source="grant.starts_on")
    ends_on = serializers.DateField(source="grant.ends_on")
    has_signed_up = serializers.BooleanField(help_text="Whether the person has chosen a user name and a password.")
    granted_at = serializers.DateTimeField(source="grant.granted_at")
    ended_at = serializers.DateTimeField(source="grant.ended_at", allow_null=True)


class ProxyListShape(Shape):
    results = ProxyShape(many=True)


# --- many at once -----------------------------------------------------------------------------------------------------
class NewRunShape(NarrowShape):
    """Either `patients`, or `everybody` the list is narrowed down to."""

    patients = serializers.ListField(child=serializers.CharField(max_length=20), required=False, default=list)
    everybody = serializers.BooleanField(default=False)


class OutcomeShape(Shape):
    outcome = serializers.ChoiceField(choices=InviteOutcome.choices)
    count = serializers.IntegerField()


class ResultShape(Shape):
    patient = PersonShape()
    outcome = serializers.ChoiceField(choices=InviteOutcome.choices)
    what_to_do = serializers.CharField(source="get_outcome_display")


class RunShape(Shape):
    id = serializers.CharField()
    created_at = serializers.DateTimeField()
    finished_at = serializers.DateTimeField(allow_null=True)
    total = serializers.IntegerField()
    settled = serializers.IntegerField()
    outcomes = OutcomeShape(many=True)
    results = ResultShape(many=True)
    next_page = serializers.IntegerField(allow_null=True)


class RegistrationShape(Shape):
    """Somebody who registered on the website (PC-36, PC-37)."""

    id = serializers.CharField(source="public_id")
    patient = PersonShape()
    office = PersonShape()
    at = serializers.DateTimeField()
    confirmed_at = serializers.DateTimeField(allow_null=True)
    known = serializers.BooleanField(help_text="A patient already on file: all four details agree.")
    resembles = PersonShape(allow_null=True)
    checked_at = serializers.DateTimeField(allow_null=True)
    checked_by = serializers.CharField()


class RegistrationListShape(Shape):
    results = RegistrationShape(many=True)
