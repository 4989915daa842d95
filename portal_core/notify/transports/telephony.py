"""What comes in by phone: whether Twilio really sent it, and the sound of messages that it keeps for us."""

import re
from contextlib import closing
from dataclasses import dataclass
from urllib.parse import urlsplit

import requests
from django.conf import settings
from django.http import HttpRequest
from twilio.request_validator import RequestValidator

from portal_core.kernel.errors import Forbidden, Invalid
from portal_core.notify.transports.base import TransportError
from portal_core.notify.transports.twilio_client import API, TIMEOUT

MAX_REPORT = 64 * 1024  # bytes
MAX_SOUND = 8 * 1024 * 1024  # bytes; two minutes are about half a megabyte
MAX_MEDIA = 20 * 1024 * 1024  # bytes; a carrier lets through a quarter of it at most
MEDIA = re.compile(
    r"^/2010-04-01/Accounts/(?P<account>AC[0-9a-f]{32})/Messages/(?P<message>[MS]M[0-9a-f]{32})/Media/(?P<media>ME[0-9a-f]{32})$"
)
MEDIA_HOSTS = (".twilio.com", ".twiliocdn.com", ".amazonaws.com")  # where Twilio's store is
RECORDING = re.compile(r"RE[0-9a-f]{32}")
SOUNDS = {"audio/mpeg": (b"ID3", b"\xff\xfb", b"\xff\xf3", b"\xff\xf2"), "audio/x-wav": (b"RIFF",)}


def check_genuine(request: HttpRequest) -> None:
    """Raises Forbidden unless Twilio signed this very address and these very values, Invalid for what is too long to
    be from it. Twilio signs no time: that an old request changes nothing is the reader's business."""
    length = request.headers.get("Content-Length", "")
    if len(request.body) > MAX_REPORT if not length.isdigit() else int(length) > MAX_REPORT:
        raise Invalid
    # PUBLIC_URL, not the request's host: behind a proxy that is not the address Twilio signed.
    address = settings.PUBLIC_URL + request.get_full_path()
    token, signature = settings.TWILIO_AUTH_TOKEN, request.headers.get("X-Twilio-Signature", "")
    if not token or not RequestValidator(token).validate(address, request.POST, signature):
        raise Forbidden


@dataclass(frozen=True, slots=True)
class Sound:
    """A recording: "audio/mpeg" or "audio/x-wav", and its bytes."""

    content_type: str
    data: bytes


def is_recording(sid: str) -> bool:
    """Whether this is the id of a recording, as far as its form goes."""
    return RECORDING.fullmatch(sid) is not None


def fetch_recording(sid: str) -> Sound:
    """The sound of a recording. Raises TransportError: permanent when it is no sound or too long; a recording that
    Twilio does not know (yet) may be asked for again."""
    try:
        with closing(requests.get(_address(sid) + ".mp3", auth=_auth(), timeout=TIMEOUT, stream=True)) as answer:
            if answer.status_code != 200:
                raise TransportError(f"twilio_{answer.status_code}", permanent=False)
            data = b""
            for piece in answer.iter_content(64 * 1024):
                data += piece
                if len(data) > MAX_SOUND:
                    raise TransportError("too_long", permanent=True)
    except requests.RequestException:
        raise TransportError("twilio_unreachable", permanent=False) from None
    for content_type, beginnings in SOUNDS.items():
        if data.startswith(beginnings):
            return Sound(content_type, data)
    raise TransportError("no_sound", permanent=True)


def forget_recording(sid: str) -> None:
    """Have Twilio delete its copy; one that is gone already is fine. Raises TransportError."""
    try:
        answer = requests.delete(_address(sid) + ".json", auth=_auth(), timeout=TIMEOUT)
    except requests.RequestException:
        raise TransportError("twilio_unreachable", permanent=False) from None
    if answer.status_code not in (204, 404):
        raise TransportError(f"twilio_{answer.status_code}", permanent=False)


@dataclass(frozen=True, slots=True)
class Media:
    """A file of a text message at Twilio."""

    message_sid: str
    sid: str


def media_of(address: str) -> Media | None:
    """What an address in a report points to; None for anything but a file of our own account. The address itself is
    never asked: only what it names is."""
    found = MEDIA.search(urlsplit(address).path)
    if found is None or found["account"] != settings.TWILIO_ACCOUNT_SID:
        return None
    return Media(found["message"], found["media"])


def fetch_media(media: Media) -> bytes:
    """The file of a text message. Raises TransportError: permanent when it is too large or gone."""
    try:
        with closing(requests.get(_media_address(media), auth=_auth(), timeout=TIMEOUT, stream=True,
                                  allow_redirects=False)) as answer:  # fmt: skip
            if not answer.is_redirect:
                return _piecewise(answer)
            place = answer.headers.get("Location", "")
        host = urlsplit(place).hostname or ""
        if urlsplit(place).scheme != "https" or not host.endswith(MEDIA_HOSTS):
            raise TransportError("twilio_elsewhere", permanent=True)
        # The store wants no password of ours, and gets none.
        with closing(requests.get(place, timeout=TIMEOUT, stream=True, allow_redirects=False)) as answer:
            return _piecewise(answer)
    except requests.RequestException:
        raise TransportError("twilio_unreachable", permanent=False) from None


def forget_media(media: Media) -> None:
    """Have Twilio delete its copy; one that is gone already is fine. Raises TransportError."""
    try:
        answer = requests.delete(_media_address(media) + ".json", auth=_auth(), timeout=TIMEOUT)
    except requests.RequestException:
        raise TransportError("twilio_unreachable", permanent=False) from None
    if answer.status_code not in (204, 404):
        raise TransportError(f"twilio_{answer.status_code}", permanent=False)


def _piecewise(answer: requests.Response) -> bytes:
    if answer.status_code != 200:
        raise TransportError(f"twilio_{answer.status_code}", permanent=answer.status_code in (404, 410))
    data = b""
    for piece in answer.iter_content(64 * 1024):
        data += piece
        if len(data) > MAX_MEDIA:
            raise TransportError("too_large", permanent=True)
    return data


def _media_address(media: Media) -> str:
    base = settings.TWILIO_API_URL.rstrip("/") or API
    account = f"{base}/2010-04-01/Accounts/{settings.TWILIO_ACCOUNT_SID}"
    return f"{account}/Messages/{media.message_sid}/Media/{media.sid}"


def _address(sid: str) -> str:
    if not is_recording(sid):
        raise TransportError("bad_recording_id", permanent=True)
    base = settings.TWILIO_API_URL.rstrip("/") or API
    return f"{base}/2010-04-01/Accounts/{settings.TWILIO_ACCOUNT_SID}/Recordings/{sid}"


def _auth() -> tuple[str, str]:
    return settings.TWILIO_ACCOUNT_SID, settings.TWILIO_AUTH_TOKEN
