"""A first guess at what an e-mail, a text or a spoken message is about, so that the right script lies ready. Staff
correct it. Pure."""

import re
import unicodedata

from helpdesk.enums import Category
from helpdesk.rules.alarms import alarm

# In this order: the first that fits. Only phrases that hardly mean anything else; everything else is OTHER.
_PHRASES: tuple[tuple[Category, str], ...] = (
    (Category.LOCKED, r"locked out|account (?:is )?locked|too many (?:tries|attempts)|bloquead[ao]"),
    (Category.LOGIN_UID, r"forgot(?:ten)? my user ?(?:name|id)|user ?(?:name|id) (?:is )?lost|olvid\S+ mi usuario"),
    (Category.MFA_CODE, r"(?:sign.?in|verification|security) code"),
    (Category.LOGIN_PWD, r"password|can.?(?:no)?t (?:log|sign) ?in|contraseña"),
    (Category.REG_PIN, r"registration pin|invitation (?:code|expired)"),
    (Category.TH_JOIN, r"video (?:visit|call|appointment)|telehealth|videollamada"),
    (Category.ATTACH_OPEN, r"(?:open|find|download) (?:the |an |my )?(?:attachment|attached|document)"),
    (Category.REFILL, r"\brefills?\b|prescription"),
    (Category.BILLING, r"\b(?:bill|invoice|payment|insurance claim)\b"),
    (Category.APPT, r"\bappointments?\b|\breschedul|\bcita\b"),
    (Category.ERROR_MSG, r"error (?:message|code)|\berror \d{3}\b|it says error"),
    (
        Category.SITE_DOWN,
        r"(?:site|page|portal) (?:is )?(?:down|not loading|unavailable)|cannot reach the (?:site|portal)",
    ),
)
_COMPILED = tuple((category, re.compile(pattern, re.IGNORECASE)) for category, pattern in _PHRASES)
LOOKED_AT = 2000  # characters


def topic(text: str) -> Category:
    """What must not wait, wherever it stands; else the category whose phrase stands in the first words; else OTHER."""
    urgent = alarm(text)
    if urgent is not None:
        return urgent
    head = unicodedata.normalize("NFC", text[:LOOKED_AT]).replace("\u2019", "'")
    return next((category for category, pattern in _COMPILED if pattern.search(head)), Category.OTHER)
