"""Keeps docs/architecture/states.md true: the diagrams are printed from the MOVES tables.

.venv/bin/python -m tests.house.states_page        # rewrite the page
"""

import importlib
import os
from pathlib import Path

from django.apps import apps
from django.db import models

PAGE = Path(__file__).resolve().parents[2] / "docs" / "architecture" / "states.md"
OURS = ("helpdesk", "statuspage", "triage", "telehealth", "portal_core", "ops")
HEAD = """# States

Every state machine of the house, printed from its transition table (`MOVES` in an app's `enums.py`) by
`.venv/bin/python -m tests.house.states_page`; a test fails when page and tables differ. A move that is not drawn is
refused. An arrow from a state to itself is a move that may be made again. Beside each MOVES table stand `TONES`, the
badge of each state, and `VERBS`, the ledger lines that tell of coming to it; a test reads the code for moves that leave
none.
"""


def state_machines() -> list[tuple[str, type[models.TextChoices], dict]]:
    """Every MOVES table (a dict from the members of one TextChoices to tuples of them) in any enums module."""
    found = []
    for config in apps.get_app_configs():
        if config.name.split(".")[0] not in OURS:
            continue
        try:
            module = importlib.import_module(f"{config.name}.enums")
        except ModuleNotFoundError:
            continue
        for name, value in vars(module).items():
            if name.endswith("MOVES") and isinstance(value, dict) and value:
                found.append((f"{config.name}.{name}", type(next(iter(value))), value))
    return found


def diagram(states: type[models.TextChoices], moves: dict) -> str:
    """A Mermaid state diagram. What nothing else leads to is where it begins; what leads nowhere is the end."""
    entered = {target for state, targets in moves.items() for target in targets if target != state}
    begins = [state for state in states if state not in entered] or [next(iter(states))]
    lines = ["```mermaid", "stateDiagram-v2"]
    lines += [f"    {state.name}: {state.label}" for state in states]
    lines += [f"    [*] --> {state.name}" for state in begins]
    for state in states:
        lines += [f"    {state.name} --> {target.name}" for target in moves[state]]
        if not moves[state]:
            lines.append(f"    {state.name} --> [*]")
    return "\n".join([*lines, "```"])


def render() -> str:
    parts = [HEAD]
    for name, states, moves in sorted(state_machines(), key=lambda machine: machine[0]):
        app = name.rpartition(".")[0]
        story = (states.__doc__ or "").strip().partition("\n")[0]
        parts.append(f"## {states.__name__}\n")
        parts.append(f"`{app.replace('.', '/')}/enums.py`." + (f" {story}" if story else "") + "\n")
        parts.append(diagram(states, moves) + "\n")
    return "\n".join(parts)


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    import django

    django.setup()
    PAGE.write_text(render(), encoding="utf-8")
