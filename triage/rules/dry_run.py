"""What would have been different last month with another decision table."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from triage.rules.edits import Table
from triage.rules.routing import Decision, Packet, RequestFacts, decide, packet_faults

EXAMPLES = 8


@dataclass(frozen=True, slots=True)
class Sample:
    """A ticket of last month: how people know it, and what the engine knew of it."""

    reference: str
    public_id: str
    office: str
    facts: RequestFacts


@dataclass(frozen=True, slots=True)
class Changed:
    """A ticket that would have gone another way, and in what."""

    sample: Sample
    said: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Outcome:
    """`offices`: how many of the changed tickets each office had, most first. `refused`: how many of the `flags` that
    were sent would have come back for a step or a proof. `most`: only the newest so many tickets and flags were looked
    at; 0: all of them."""

    tickets: int
    changed: int
    offices: tuple[tuple[str, int], ...]
    examples: tuple[Changed, ...]
    flags: int
    refused: int
    most: int = 0


def dry_run(samples: Sequence[Sample], packets: Iterable[Packet], *, now: Table, then: Table, most: int = 0) -> Outcome:
    """`now` is the table in force, `then` the one proposed; `most` is how many of a kind were read at most."""
    changed = []
    for sample in samples:
        said = _differences(decide(sample.facts, now), decide(sample.facts, then))
        if said:
            changed.append(Changed(sample, said))
    flags = list(packets)
    offices = Counter(row.sample.office for row in changed)
    return Outcome(
        tickets=len(samples),
        changed=len(changed),
        offices=tuple(offices.most_common()),
        examples=tuple(changed[:EXAMPLES]),
        flags=len(flags),
        refused=sum(bool(_faults(packet, then) - _faults(packet, now)) for packet in flags),
        most=most if most in (len(samples), len(flags)) else 0,
    )


def _faults(packet: Packet, table: Table) -> set[tuple[str, str]]:
    return {(str(fault.code), fault.field) for fault in packet_faults(packet, table)}


def _differences(now: Decision, then: Decision) -> tuple[str, ...]:
    said = []
    if now.owner != then.owner:
        said.append(f"starts with {then.owner.label} instead of {now.owner.label}")
    if now.level != then.level:
        said.append(f"asks for “{then.level.label}” instead of “{now.level.label}”")
    added = [str(step.label) for step in then.steps if step not in now.steps]
    dropped = [str(step.label) for step in now.steps if step not in then.steps]
    if added:
        said.append("one step more: " + "; ".join(added))
    if dropped:
        said.append("without: " + "; ".join(dropped))
    more = [str(reason.label) for reason in then.reasons if reason not in now.reasons]
    if more:
        said.append("may also go to IT when: " + "; ".join(more))
    fewer = [str(reason.label) for reason in now.reasons if reason not in then.reasons]
    if fewer:
        said.append("no longer to IT when: " + "; ".join(fewer))
    return tuple(said)
