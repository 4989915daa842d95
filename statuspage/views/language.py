"""The pages of the snapshot have their language in their address; what they lead to gets it as `?language=`."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import translation

Answer = Callable[..., HttpResponse]


def in_language_asked_for(view: Answer) -> Answer:
    """Answer in `?language=`, and remember it in Django's language cookie for the pages that follow."""

    @wraps(view)
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        wanted = request.GET.get("language", "")
        if wanted not in dict(settings.LANGUAGES):
            return view(request, *args, **kwargs)
        # LocaleMiddleware has chosen already and names what is active when the answer leaves.
        translation.activate(wanted)
        request.LANGUAGE_CODE = wanted
        response = view(request, *args, **kwargs)
        response.set_cookie(
            settings.LANGUAGE_COOKIE_NAME, wanted, secure=request.is_secure(), httponly=True, samesite="Lax"
        )
        return response

    return answer
