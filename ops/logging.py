"""Log lines: with the request's id, without what people typed."""

import logging
import re
import traceback
from types import TracebackType

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import InterfaceError, OperationalError, ProgrammingError

from portal_core.kernel.errors import AppError
from portal_core.kernel.http.request_id import current_request_id

# The texts of these speak of programs and machines. Others (an IntegrityError, a ValueError) may quote a row.
HARMLESS = (
    AppError, OSError, ImportError, AttributeError, NameError, TypeError, AssertionError, NotImplementedError,
    ImproperlyConfigured, OperationalError, InterfaceError, ProgrammingError,
)  # fmt: skip

# Longer than a public id, in a path: a signed link or a reset link. Whoever reads it may use it, so no log keeps it.
_KEY_IN_PATH = re.compile(r"(?<=/)[^/\s?#\"'<>]{21,}")

ExcInfo = tuple[type[BaseException] | None, BaseException | None, TracebackType | None]


def without_keys(text: str) -> str:
    """`text` with every part of a path that is a key to something left out: `/portal/set-password/[...]/`."""
    return _KEY_IN_PATH.sub("[...]", text)


class LineFormatter(logging.Formatter):
    """`{request_id}` in the format; no keys out of addresses; exceptions by type and place, with their text only where
    it cannot quote a row."""

    def format(self, record: logging.LogRecord) -> str:
        record.request_id = current_request_id() or "-"
        return super().format(record)

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - the base class's name
        record.message = without_keys(record.message)
        return super().formatMessage(record)

    def formatException(self, ei: ExcInfo) -> str:  # noqa: N802 - the base class's name
        if settings.DEBUG or ei[1] is None:
            return super().formatException(ei)  # type: ignore[arg-type]
        lines: list[str] = []
        error: BaseException | None = ei[1]
        while error is not None:
            text = f": {error}" if isinstance(error, HARMLESS) else ""
            name = f"{type(error).__module__}.{type(error).__qualname__}"
            lines = [*traceback.format_tb(error.__traceback__), f"{name}{text}\n", *lines]
            error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
            if error is not None:
                lines.insert(0, "which led to\n")
        return "".join(lines).rstrip()
