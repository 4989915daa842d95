"""What to do instead (SP-05, TH-31 to TH-34): as the API, calendars and mails say it."""

from statuspage.enums import ComponentStatus, EntryPointKind
from statuspage.rules.entry_points import ways
from statuspage.rules.facts import ComponentFacts, EntryPointFacts


def usable(row: ComponentFacts) -> tuple[EntryPointFacts, ...]:
    """The ways around this component that are not known to fail, those that were seen to work first."""
    return tuple(way.facts for way in ways(row.entry_points) if not way.failing)


def alternatives(row: ComponentFacts) -> tuple[EntryPointFacts, ...]:
    """The same while the component is affected; none while it works."""
    return usable(row) if row.status != ComponentStatus.OPERATIONAL else ()


def in_words(way: EntryPointFacts) -> str:
    """`Dial in: +1 555 0100. Ask for the front desk.`"""
    text = way.text.strip()
    if way.kind == EntryPointKind.TEXT or not way.target:
        return f"{way.title}: {text}" if text else way.title
    return f"{way.title}: {way.target}" + (f" ({text})" if text else "")
