"""When parents and guardians see less of a young patient, and when nothing: two birthdays, chosen by each practice.

State law decides: the age of majority is 18 in most places, 19 or 21 in some, and minors agree to parts of their own
care from 12 on. So the second birthday lies between 12 and 21, the first not after it (the same: nothing in between).
"""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

LIMITED_FROM = 12
OWN_FROM = 18
YOUNGEST, OLDEST = 12, 21


def what_is_wrong(limited_from: int, own_from: int) -> dict[str, Promise]:
    """Field → what is wrong with it; empty when both can stand."""
    wrong: dict[str, Promise] = {}
    if not YOUNGEST <= own_from <= OLDEST:
        wrong["own_from"] = _("Choose an age from 12 to 21.")
    elif not 0 <= limited_from <= own_from:
        wrong["limited_from"] = _("Choose an age that is not above the one at which access ends.")
    return wrong
