from collections.abc import Iterator

from django.urls import URLPattern, path

from portal_core.accounts.views import security, sign_in
from portal_core.kernel.enums import Realm

app_name = "accounts"


def _of(realm: Realm, tree: str) -> Iterator[URLPattern]:
    """The same doors in both realms."""
    doors = (
        ("sign-in/", sign_in.sign_in, "sign-in"),
        ("sign-in/code/", sign_in.code, "sign-in-code"),
        ("sign-out/", sign_in.sign_out, "sign-out"),
        ("password/", sign_in.password, "password"),
        ("confirm/", security.confirm, "confirm"),
        ("session/", security.keep_session, "session"),
        ("security/", security.security, "security"),
        ("security/second-step/", security.add_authenticator, "second-step"),
        ("security/second-step/<str:public_id>/remove/", security.remove_authenticator, "second-step-remove"),
        ("security/recovery-codes/", security.new_codes, "recovery-codes"),
        ("security/sign-out-everywhere/", security.sign_out_everywhere, "sign-out-everywhere"),
    )
    programs = (
        ("security/tokens/", security.create_token, "token-create"),
        ("security/tokens/<str:public_id>/remove/", security.revoke_token, "token-remove"),
    )
    # Programs act for staff only: there is no API for patients' own tokens.
    for route, view, name in (*doors, *(programs if realm is Realm.STAFF else ())):
        yield path(f"{tree}/{route}", view, {"realm": realm}, name=f"{name}-{realm}")


urlpatterns = [*_of(Realm.STAFF, "desk"), *_of(Realm.PATIENT, "portal")]
