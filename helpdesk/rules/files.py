"""What a file is, by its bytes; and which kinds are ever handed out. Pure.

A short list of what people send to a practice. Everything that is not recognised as one of these is blocked: what
runs, what holds macros, archives nobody has looked into, pages with scripts. The sender's word for the type decides
nothing.
"""

import io
import re
import zipfile
import zlib
from dataclasses import dataclass

from helpdesk.rules.letter_text import clean

MAX_FILE = 20 * 1024 * 1024
NAME = 150


@dataclass(frozen=True, slots=True)
class Judgement:
    """`kind` is a media type; `extensions` what a name of this kind may end in; `refusal` why it is not handed out."""

    kind: str
    extensions: tuple[str, ...] = ()
    refusal: str = ""


_SIGNATURES: tuple[tuple[int, bytes, Judgement], ...] = (
    (0, b"%PDF-", Judgement("application/pdf", ("pdf",))),
    (0, b"\x89PNG\r\n\x1a\n", Judgement("image/png", ("png",))),
    (0, b"\xff\xd8\xff", Judgement("image/jpeg", ("jpg", "jpeg"))),
    (0, b"GIF87a", Judgement("image/gif", ("gif",))),
    (0, b"GIF89a", Judgement("image/gif", ("gif",))),
    (8, b"WEBP", Judgement("image/webp", ("webp",))),
    (0, b"II*\x00", Judgement("image/tiff", ("tif", "tiff"))),
    (0, b"MM\x00*", Judgement("image/tiff", ("tif", "tiff"))),
    (4, b"ftyphei", Judgement("image/heic", ("heic", "heif"))),
    (4, b"ftypmif1", Judgement("image/heic", ("heic", "heif"))),
    (4, b"ftypM4A", Judgement("audio/mp4", ("m4a",))),
    (4, b"ftyp", Judgement("video/mp4", ("mp4", "mov", "m4v", "3gp"))),
    (8, b"WAVE", Judgement("audio/wav", ("wav",))),
    (0, b"ID3", Judgement("audio/mpeg", ("mp3",))),
    (0, b"\xff\xfb", Judgement("audio/mpeg", ("mp3",))),
    (0, b"OggS", Judgement("audio/ogg", ("ogg", "oga", "opus"))),
    (0, b"#!AMR", Judgement("audio/amr", ("amr",))),
    (0, b"{\\rtf", Judgement("application/rtf", refusal="A text file that can hold programs. Ask for a PDF.")),
    (0, b"\xd0\xcf\x11\xe0", Judgement("application/x-ole-storage", refusal="An old Office file. Ask for a PDF.")),
    (0, b"MZ", Judgement("application/x-executable", refusal="A program.")),
    (0, b"\x7fELF", Judgement("application/x-executable", refusal="A program.")),
    (0, b"#!", Judgement("text/x-script", refusal="A script.")),
)
_ARCHIVES = (b"PK\x05\x06", b"Rar!", b"7z\xbc\xaf", b"\x1f\x8b", b"BZh", b"\xfd7zXZ")
_OFFICE = {
    "word/": Judgement("application/vnd.openxmlformats-officedocument.wordprocessingml.document", ("docx",)),
    "xl/": Judgement("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", ("xlsx",)),
    "ppt/": Judgement("application/vnd.openxmlformats-officedocument.presentationml.presentation", ("pptx",)),
}
_TEXTS = {"txt": "text/plain", "csv": "text/csv", "ics": "text/calendar", "vcf": "text/vcard", "log": "text/plain"}
_MARKUP = re.compile(rb"<\s*(?:!doctype|html|head|body|script|svg|\?xml|iframe)", re.IGNORECASE)
_ARCHIVE = Judgement("application/zip", refusal="An archive. Ask for the files themselves.")
_MACROS = Judgement("application/vnd.ms-office.macro", refusal="An Office file with macros. Ask for a PDF.")
_UNKNOWN = Judgement("application/octet-stream", refusal="An unknown kind of file.")


def judge(data: bytes, name: str) -> Judgement:
    """What these bytes are. `name` matters for plain text alone: a double click runs what is called .js or .bat."""
    if len(data) > MAX_FILE:
        return Judgement("application/octet-stream", refusal="Larger than 20 MB.")
    if not data:
        return Judgement("application/x-empty", refusal="The file is empty.")
    if data.startswith(b"PK\x03\x04"):
        return _zipped(data)
    if data.startswith(_ARCHIVES):
        return _ARCHIVE
    for offset, mark, judgement in _SIGNATURES:
        if data.startswith(mark, offset):
            return judgement
    return _text(data, extension(name))


def _zipped(data: bytes) -> Judgement:
    """Only the table of contents is read: nothing is ever unpacked here."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = archive.namelist()[:5000]
    except (zipfile.BadZipFile, zipfile.LargeZipFile, zlib.error, ValueError, OSError, EOFError,
            RuntimeError, OverflowError, IndexError, KeyError):  # fmt: skip
        return _ARCHIVE
    if any("vbaproject" in one.lower() or "/activex/" in one.lower() for one in names):
        return _MACROS
    if "[Content_Types].xml" in names:
        for folder, judgement in _OFFICE.items():
            if any(one.startswith(folder) for one in names):
                return judgement
    return _ARCHIVE


def _text(data: bytes, ending: str) -> Judgement:
    head = data[:4096]
    if b"\x00" in head:
        return _UNKNOWN
    if _MARKUP.search(head):
        return Judgement("text/html", refusal="A web page: it could run a script.")
    if ending and ending not in _TEXTS:
        return _UNKNOWN
    return Judgement(_TEXTS.get(ending, "text/plain"), tuple(_TEXTS))


def extension(name: str) -> str:
    """The last ending of a name, lower case, or ""."""
    _, dot, ending = name.rpartition(".")
    return ending.strip().lower()[:12] if dot else ""


def safe_name(name: str, judgement: Judgement | None = None) -> str:
    """A name that leads nowhere and ends in what the file is: `../../a<b>.exe` of a PDF becomes `a b .exe.pdf`."""
    name = clean(name).replace("\\", "/").rpartition("/")[2]
    name = " ".join(re.sub(r'[<>:"|?*%;=\x00-\x1f]', " ", name).split()).strip(". ") or "file"
    ending = ""
    if judgement is not None and judgement.extensions and extension(name) not in judgement.extensions:
        ending = f".{judgement.extensions[0]}"
    return name[-(NAME - len(ending)) :] + ending
