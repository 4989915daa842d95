"""Which realm a path lies in, and what each realm calls its things."""

from portal_core.kernel.enums import Realm

COOKIES = {Realm.STAFF: "staff_session", Realm.PATIENT: "patient_session"}
HOMES = {Realm.STAFF: "/desk/", Realm.PATIENT: "/portal/"}
SIGN_IN = {realm: f"{home}sign-in/" for realm, home in HOMES.items()}
SIGN_OUT = {realm: f"{home}sign-out/" for realm, home in HOMES.items()}

# The longest prefix wins: the patients' API lies inside the staff's tree.
PREFIXES: tuple[tuple[str, Realm], ...] = (
    ("/api/v1/portal/", Realm.PATIENT),
    ("/ws/portal/", Realm.PATIENT),
    ("/portal/", Realm.PATIENT),
    ("/api/v1/", Realm.STAFF),
    ("/ws/desk/", Realm.STAFF),
    ("/ws/triage/", Realm.STAFF),
    ("/triage/", Realm.STAFF),
    ("/desk/", Realm.STAFF),
)


def realm_of(path: str) -> Realm:
    """Whose realm a path lies in; PUBLIC for everything that is neither the patients' nor the staff's."""
    for prefix, realm in PREFIXES:
        if path.startswith(prefix):
            return realm
    return Realm.PUBLIC
