"""What should have followed from something and did not: seen and started again without a terminal."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from portal_core.directory.enums import Permission
from portal_core.directory.guards import StaffRequest, may_any, staff_page
from portal_core.directory.rules.ledger import in_words
from portal_core.kernel import outbox

WHO = (Permission.SETTINGS, Permission.STATUS_PUBLISH)  # those who run the practice, and those who lead IT
SHOWN = 100


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page(*WHO)
def dead_letters(request: StaffRequest) -> HttpResponse:
    """The list; POST tries one of them again (`message`), or all. No content is shown: what happened and what should
    have followed, by the names the code has for them."""
    if request.method == "POST":
        chosen = request.POST.get("message", "")
        if not chosen or (chosen.isascii() and chosen.isdigit() and len(chosen) < 19):
            many = outbox.revive(message_id=int(chosen) if chosen else None, by=request.actor)
            _say(request, many)
        return redirect("directory:dead-letters")
    rows = [
        {
            "letter": letter,
            "event": in_words(letter.event.rpartition(".")[2]),
            "handler": in_words(letter.handler.rpartition(".")[2]),
            "room": letter.handler.partition(".handlers")[0],
        }
        for letter in outbox.dead(SHOWN)
    ]
    context = {"rows": rows, "count": outbox.count_dead(), "shown": SHOWN}
    return render(request, "directory/dead_letters.html", context)


def _say(request: HttpRequest, many: int) -> None:
    if many:
        words = ngettext("%(many)s step is tried again now.", "%(many)s steps are tried again now.", many)
        messages.success(request, words % {"many": many} + " " + _("Look again in a minute."))
    else:
        messages.info(request, _("Somebody has tried it again already."))


def banner(request: HttpRequest) -> str:
    """For those who may do something about it, on every page of theirs."""
    if not may_any(getattr(request, "staff", None), WHO) or not outbox.count_dead_lately():
        return ""
    return render_to_string("directory/parts/dead_letters_banner.html", {"count": outbox.count_dead_lately()})
