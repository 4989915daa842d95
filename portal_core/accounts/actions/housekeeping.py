import datetime as dt

from django.contrib.sessions.models import Session
from django.db import transaction

from portal_core.accounts.models import SignInRecord, SignInThrottle
from portal_core.accounts.rules import throttle
from portal_core.kernel import clock

SIGN_INS_KEPT = dt.timedelta(days=90)


@transaction.atomic
def forget_what_is_over() -> int:
    """Remove sessions past their time and throttle rows that no longer slow anybody; return how many rows."""
    now = clock.now()
    quiet = dt.timedelta(seconds=max(throttle.ACCOUNT.quiet, throttle.ADDRESS.quiet))
    sessions, _ = Session.objects.filter(expire_date__lt=now).delete()
    throttles, _ = SignInThrottle.objects.filter(last_at__lt=now - quiet).delete()
    tries, _ = SignInRecord.objects.filter(at__lt=now - SIGN_INS_KEPT).delete()
    return sessions + throttles + tries
