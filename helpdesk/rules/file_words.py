"""A file in the words of somebody who only wants to read it. Pure."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from helpdesk.enums import FileSender, FileState

_OFFICE = "application/vnd.openxmlformats-officedocument"
_KINDS: dict[str, str | Promise] = {
    "application/pdf": _("PDF document"),
    f"{_OFFICE}.wordprocessingml.document": _("Word document"),
    f"{_OFFICE}.spreadsheetml.sheet": _("Excel table"),
    f"{_OFFICE}.presentationml.presentation": _("PowerPoint slides"),
    "text/plain": _("Text"),
    "text/csv": _("Table"),
    "text/calendar": _("Calendar entry"),
    "text/vcard": _("Contact card"),
}
_FAMILIES: dict[str, str | Promise] = {
    "image": _("Picture"),
    "audio": _("Sound recording"),
    "video": _("Video"),
}
# What every browser shows by itself and that can run nothing of its own.
SHOWN = frozenset({"application/pdf", "image/png", "image/jpeg", "image/gif", "image/webp", "text/plain"})
OPEN_TO_READERS = frozenset({FileState.CLEAN, FileState.UNCHECKED})


def kind_words(kind: str) -> str | Promise:
    """`application/pdf` is a "PDF document"."""
    return _KINDS.get(kind) or _FAMILIES.get(kind.partition("/")[0]) or _("File")


def is_shown(kind: str) -> bool:
    """Whether a browser shows it in a tab; everything else is saved first."""
    return kind in SHOWN


def standing(state: FileState, sender: FileSender) -> tuple[str, str | Promise]:
    """How a file stands, for the patient: (tone, sentence); ("", "") where there is nothing to say."""
    theirs = sender == FileSender.REQUESTER
    match state:
        case FileState.WAITING:
            return "info", _("We are checking this file for viruses. Look again in a few minutes.")
        case FileState.UNCHECKED:
            return "", _("Not checked for viruses.")
        case FileState.INFECTED if theirs:
            return "danger", _("Something harmful is in this file, so nobody opens it. Please send us another one.")
        case FileState.INFECTED:
            return "danger", _("Something harmful was found in this file, so we keep it closed. Ask for another one.")
        case FileState.BLOCKED if theirs:
            return "warning", _("We cannot open this kind of file. Please send it as a PDF or a picture.")
        case FileState.BLOCKED:
            return "warning", _("This kind of file cannot be opened here. Ask your office for a PDF.")
        case FileState.WITHDRAWN:
            return "neutral", _("Taken back by the office.")
        case FileState.CLEAN:
            return "", ""
