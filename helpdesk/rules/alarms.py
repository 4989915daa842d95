"""Words that must not wait: danger to a life, and somebody in an account. One list for every channel and every desk.

English and Spanish (HD-07). Phones type ’ where keyboards type ', and lines break anywhere: both are evened out first.
It rather asks a person once too often: whoever reads it puts the kind right with one press. Pure, linear in its input.
"""

import re
import unicodedata
from typing import Final

from helpdesk.enums import Category

LOOKED_AT: Final = 24_000  # characters: one message whole, whatever its length
_APOSTROPHES = {ord(mark): "'" for mark in "\u2018\u2019\u201b\u02bc\u00b4`\uff07"}
_CANNOT = r"(?:can ?not|can'?t|could ?n[o']?t|unable to|not able to|trouble|difficulty|hard(?:er)? to|struggl\w+ to)"
_URGENT = re.compile(
    rf"\b(?:chest (?:pains?|pressure|tightness)|pains? in (?:my|his|her|the) chest|heart attack"
    rf"|{_CANNOT} (?:breathe?|breathing|swallow(?:ing)?)|not breathing|short(?:ness)? of breath"
    r"|suicid\w*|kill(?:ing)? (?:my|him|her)self|end my life|want to die|hurt(?:ing)? myself"
    r"|overdos\w*|bleeding|unconscious|stroke|seizures?|anaphyla\w*|throat is (?:closing|swelling)"
    r"|dolor(?:es)? (?:de|en el) pecho|no puedo respirar|(?:cuesta|dificultad para|problemas para) respirar"
    r"|falta de aire|no puedo tragar|matarme|quitarme la vida|quiero morir(?:me)?|sobredosis|sangrando|inconsciente"
    r"|derrame cerebral|infarto|ataque al corazon|convulsion(?:es)?)\b",
    re.IGNORECASE,
)
_SECURITY = re.compile(
    r"\b(?:hacked|hackers?|phishing|scam(?:med|mers?)?|stolen (?:phone|laptop|computer|tablet)"
    r"|(?:phone|laptop|computer|tablet) (?:was|got|is|has been) stolen"
    r"|(?:someone|somebody)(?: else)?(?: is| was| got| has been| logged| signed)? in ?(?:to)? my account"
    r"|hackea\w+|estafa\w*|alguien (?:entro|esta|ha entrado) en mi cuenta"
    r"|me robaron (?:el|la|mi) (?:telefono|celular|laptop|computadora))\b",
    re.IGNORECASE,
)


def alarm(text: str) -> Category | None:
    """CLINICAL_URGENT or SEC_REPORT where the words say so, danger to a life first; else None."""
    plain = _plain(text)
    if _URGENT.search(plain):
        return Category.CLINICAL_URGENT
    return Category.SEC_REPORT if _SECURITY.search(plain) else None


def _plain(text: str) -> str:
    """One line, straight apostrophes, no accents."""
    head = " ".join(text[:LOOKED_AT].translate(_APOSTROPHES).split())
    if head.isascii():
        return head
    return "".join(one for one in unicodedata.normalize("NFKD", head) if not unicodedata.combining(one))
