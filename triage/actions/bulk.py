"""One deed on many rows. Each row is a savepoint of its own: what one refuses does not hold up the others."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeVar

from portal_core.kernel.errors import AppError

Row = TypeVar("Row")
MOST = 100


@dataclass(frozen=True, slots=True)
class Result:
    """How it went with one row; `refusal` is a sentence, empty when it was done."""

    public_id: str
    refusal: str

    @property
    def done(self) -> bool:
        return not self.refusal


def run(ids: Iterable[str], find: Callable[[str], Row], deed: Callable[[Row], object]) -> list[Result]:
    """Do it to each row that `find` gives, in the order asked for, each id once, at most `MOST`. A row one may not see
    is refused like one that does not exist."""
    results = []
    for public_id in list(dict.fromkeys(ids))[:MOST]:
        try:
            deed(find(public_id))
        except AppError as error:
            results.append(Result(public_id, str(error)))
        else:
            results.append(Result(public_id, ""))
    return results
