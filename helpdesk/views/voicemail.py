"""The sound of a message, for the desk whose ticket it is."""

import re

from django.http import HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from helpdesk import access
from helpdesk.actions.phone_line import unsealed
from portal_core.directory.enums import Permission
from portal_core.directory.guards import StaffRequest, staff_page
from portal_core.kernel import audit

RANGE = re.compile(r"bytes=([0-9]{1,9})-([0-9]{0,9})")


@require_safe
@never_cache
@staff_page(Permission.OFFICE_DESK, Permission.IT_DESK)
def listen(request: StaffRequest, public_id: str) -> HttpResponse:
    """The recording, or the piece a player asks for. The ledger has a line per play, not per piece."""
    call, audio = access.voicemail_for(request.staff, public_id)
    data = unsealed(audio)
    piece = RANGE.fullmatch(request.headers.get("Range", ""))
    start = int(piece[1]) if piece else 0
    if start == 0:
        audit.record("call:listen", by=request.actor, target=call, practice_id=call.practice_id)
    if start >= len(data):
        return HttpResponse(status=416, headers={"Content-Range": f"bytes */{len(data)}"})
    end = min(int(piece[2]), len(data) - 1) if piece and piece[2] else len(data) - 1
    answer = HttpResponse(data[start : end + 1], content_type=audio.content_type, status=206 if piece else 200)
    answer["Accept-Ranges"] = "bytes"
    answer["Content-Disposition"] = "inline"
    if piece:
        answer["Content-Range"] = f"bytes {start}-{end}/{len(data)}"
    return answer
