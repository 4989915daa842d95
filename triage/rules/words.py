"""The words by which we prove ourselves to the patient (HD-08): whoever calls from here says them first.

They follow from the ticket alone: the office can tell them beforehand, the portal and the text message show them,
and IT can say them without asking anybody who they are.
"""

import hashlib
import hmac
from typing import Final

# Short, plain, and not to be taken for one another on a bad line.
_LIST: Final = (
    "anchor apple autumn bakery banjo barley basket beacon bicycle biscuit blanket blossom bottle bridge "
    "bucket butter cabin camel candle canoe canyon carpet castle cedar chapel cherry circus clover cobalt "
    "comet copper cotton cradle cricket crystal daisy desert dolphin donkey dragon eagle ember engine falcon "
    "feather fiddle forest fountain galaxy garden garlic ginger glacier goblet granite guitar hammer harbor "
    "harvest hazel helmet honey horizon island ivory jacket jasmine jigsaw jungle kettle kitchen ladder lagoon "
    "lantern laptop lemon library lizard lobster magnet mango maple marble meadow melon mirror monkey mosaic "
    "mountain museum mustard napkin needle nutmeg oasis ocean olive orchard otter paddle palace panda parrot "
    "peanut pebble pepper piano pickle pigeon pillow pirate planet pocket pumpkin puzzle quilt rabbit radar "
    "raven ribbon river rocket saddle salmon sandal scarf shadow silver spider "
)
WORDS: Final = tuple(_LIST.split())


def call_words(ticket_id: str, *, key: str) -> str:
    """Three words for one ticket, e.g. "amber river stone": 2 million possibilities, the same every time."""
    digest = hmac.new(key.encode(), f"triage.words:{ticket_id}".encode(), hashlib.sha256).digest()
    number = int.from_bytes(digest[:8])
    words = []
    for _ in range(3):
        number, place = divmod(number, len(WORDS))
        words.append(WORDS[place])
    return " ".join(words)
