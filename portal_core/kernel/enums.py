from enum import StrEnum


class ActorKind(StrEnum):
    STAFF = "staff"
    PATIENT = "patient"
    REQUESTER = "requester"  # someone who wrote in without signing in
    SYSTEM = "system"


class Realm(StrEnum):
    """Staff and patients never share a session; public pages have none at all."""

    STAFF = "staff"
    PATIENT = "patient"
    PUBLIC = "public"
