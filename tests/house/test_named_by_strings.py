"""What the import rules cannot see: a room that reaches another one by its name in a string."""

import ast
import re
from collections.abc import Iterator
from contextlib import suppress
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import pytest
from django.apps import apps

ROOT = Path(__file__).resolve().parents[2]
# From the cellar up, as the import contracts have it; a room may name itself and what lies lower, never its siblings.
STOREYS = (
    ("portal_core.kernel",),
    ("portal_core.notify", "portal_core.ui"),
    ("portal_core.accounts",),
    ("portal_core.directory",),
    ("portal_core.access", "portal_core.scheduling"),
    ("helpdesk", "telehealth", "statuspage"),
    ("triage",),
    ("ops",),
)
HEIGHT = {room: height for height, rooms in enumerate(STOREYS) for room in rooms}
LABELS = {config.label: config.name for config in apps.get_app_configs() if config.name in HEIGHT}
MODEL = re.compile(rf"({'|'.join(LABELS)})\.([A-Za-z]+)")
MODULE = re.compile(rf"({'|'.join(sorted(map(re.escape, HEIGHT), reverse=True))})((?:\.[A-Za-z_]+)+)")
# Reaching in by name on purpose, with an eye on it here.
BY_NAME = {
    "portal_core/kernel/there.py": {"get_model"},  # the rows it asks for are named by its callers, who are looked at
    "portal_core/accounts/sessions.py": {"import_module"},  # Django's own session engine, by its setting
}


def room_of(path: Path) -> str:
    parts = path.relative_to(ROOT).parts
    return ".".join(parts[:2]) if parts[0] == "portal_core" else parts[0]


def sources() -> Iterator[tuple[Path, str]]:
    for top in ("portal_core", "helpdesk", "telehealth", "statuspage", "triage", "ops"):
        for path in sorted((ROOT / top).rglob("*.py")):
            if "migrations" not in path.parts and path.parent.name != "portal_core":
                yield path, path.read_text(encoding="utf-8")


def named(text: str) -> str:
    """The room a string reaches into: by a model's label, or by the path of a module; "" for none."""
    if (found := MODEL.fullmatch(text)) and found[2].lower() in {m.__name__.lower() for m in _models(found[1])}:
        return LABELS[found[1]]
    if (found := MODULE.fullmatch(text)) and _is_module(text):
        return found[1]
    return ""


def _models(label: str) -> list[type]:
    return list(apps.get_app_config(label).get_models())


def _is_module(dotted: str) -> bool:
    """A module, or something in one."""
    with suppress(ModuleNotFoundError):
        if find_spec(dotted) is not None:
            return True
    around, _dot, name = dotted.rpartition(".")
    with suppress(ModuleNotFoundError):
        return hasattr(import_module(around), name)
    return False


def may_name(here: str, there: str) -> bool:
    return here == there or HEIGHT[there] < HEIGHT[here]


@pytest.mark.parametrize(
    ("text", "room"),
    [
        ("helpdesk.PhoneCall", "helpdesk"), ("helpdesk.phonecall", "helpdesk"), ("helpdesk.Nothing", ""),
        ("triage.actions.verification", "triage"), ("triage.no_such_thing.at_all", ""),
        ("telehealth.start", ""), ("portal_core.directory.access.patient_for", "portal_core.directory"),
        ("portal_core.notify.transports", "portal_core.notify"), ("helpdesk/contact.html", ""), ("helpdesk:ticket", ""),
    ],
)  # fmt: skip
def test_a_name_in_a_string_is_known_for_what_it_is(text, room):
    assert named(text) == room


def test_no_string_reaches_up_or_next_door():
    some = re.compile(rf"[\"']({'|'.join((*LABELS, 'portal_core'))})\.")
    faults = []
    for path, text in sources():
        if not some.search(text):
            continue
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                there = named(node.value)
                if there and not may_name(room_of(path), there):
                    faults.append(f"{path.relative_to(ROOT)}:{node.lineno} names {node.value}")

    assert faults == []


def test_nothing_is_fetched_by_name_but_where_it_is_written_down():
    calls = re.compile(r"\b(get_model|import_module|import_string|__import__)\(")
    found = {}
    for path, text in sources():
        if names := set(calls.findall(text)):
            found[str(path.relative_to(ROOT))] = names

    assert found == BY_NAME


def test_every_room_has_its_place():
    assert set(LABELS.values()) == set(HEIGHT)
    assert may_name("triage", "helpdesk")
    assert not may_name("helpdesk", "triage")
    assert not may_name("helpdesk", "statuspage")
