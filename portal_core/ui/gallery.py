"""What `/ui/` shows: one template part per component; the markup shown beside it is the file itself."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Exhibit:
    slug: str
    title: str
    note: str = ""


def exhibits() -> list[Exhibit]:
    return []
