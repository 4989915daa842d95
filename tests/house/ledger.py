"""Reads off the code which ledger lines a change of state can leave behind.

A call like `ticket.move(TicketState.SOLVED, …)` names the state. Its line is written by the function around it, by the
module's own mover (`_move`), or by each function that calls the one around it: looked for by name, in the app's own
modules (a name with an underscore in its own module), as far up as needed.
"""

import ast
import functools
import re
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MOVERS = {"move", "_move", "_set_status"}
VERB = re.compile(r"[a-z_]+:[a-z_-]+")


@dataclass
class Deed:
    """One function: the states it moves to (enum name, member name), the verbs it spells out, whom it calls."""

    path: str
    name: str
    moves: set[tuple[str, str]] = field(default_factory=set)
    verbs: set[str] = field(default_factory=set)
    calls: set[str] = field(default_factory=set)

    @property
    def where(self) -> str:
        return f"{self.path}:{self.name}"


@functools.cache
def deeds(app: str) -> dict[str, list[Deed]]:
    """Every function of a dotted app by its name, nested ones as part of the one around them."""
    found: dict[str, list[Deed]] = {}
    for path in sorted((ROOT / app.replace(".", "/")).rglob("*.py")):
        if "migrations" in path.parts or path.name == "enums.py":
            continue
        for node in _functions(ast.parse(path.read_text(encoding="utf-8"))):
            found.setdefault(node.name, []).append(_deed(node, str(path.relative_to(ROOT))))
    return found


def unwritten(app: str, verbs: dict[tuple[str, str], tuple[str, ...]]) -> list[str]:
    """Moves to one of these states that can happen without one of its verbs."""
    faults: list[str] = []
    for deed in _all(app):
        faults += [
            f"{deed.where} moves to {state[1]} and leaves none of {verbs[state]}"
            for state in sorted(deed.moves & set(verbs))
            if not _written(app, deed, set(verbs[state]), frozenset())
        ]
    return faults


def spelled_out(app: str) -> set[str]:
    return {verb for deed in _all(app) for verb in deed.verbs}


def moved_to(app: str, enum: str) -> set[str]:
    """Members of an enum that some call names as the state to move to."""
    return {member for deed in _all(app) for name, member in deed.moves if name == enum}


def _all(app: str) -> list[Deed]:
    return [deed for of_name in deeds(app).values() for deed in of_name]


def _written(app: str, deed: Deed, verbs: set[str], seen: frozenset[str]) -> bool:
    movers = [one for name in deed.calls & MOVERS for one in deeds(app).get(name, []) if one.path == deed.path]
    if deed.verbs & verbs or any(one.verbs & verbs for one in movers):
        return True
    if deed.where in seen:
        return False
    near = {deed.path} if deed.name.startswith("_") else {one.path for one in _all(app)}
    callers = [one for one in _all(app) if deed.name in one.calls and one.path in near]
    return bool(callers) and all(_written(app, one, verbs, seen | {deed.where}) for one in callers)


def _functions(tree: ast.AST) -> list[ast.FunctionDef]:
    found = []
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.FunctionDef):
            found.append(node)
        elif isinstance(node, ast.ClassDef | ast.If | ast.Try):
            found += _functions(node)
    return found


def _deed(node: ast.FunctionDef, path: str) -> Deed:
    deed = Deed(path, node.name)
    for part in ast.walk(node):
        if isinstance(part, ast.Constant) and isinstance(part.value, str) and VERB.fullmatch(part.value):
            deed.verbs.add(part.value)
        elif isinstance(part, ast.Call):
            name = _name(part.func)
            deed.calls.add(name)
            if name in MOVERS:
                deed.moves |= {state for argument in part.args for state in _members(argument)}
        elif isinstance(part, ast.Assign) and any(_sets_state(target) for target in part.targets):
            deed.moves |= _members(part.value)
    return deed


def _name(func: ast.expr) -> str:
    return func.attr if isinstance(func, ast.Attribute) else func.id if isinstance(func, ast.Name) else ""


def _sets_state(target: ast.expr) -> bool:
    """`row.state = …` and `row.state, row.ended_at = …`."""
    parts = target.elts if isinstance(target, ast.Tuple) else [target]
    return any(isinstance(part, ast.Attribute) and part.attr in ("state", "status", "outcome") for part in parts)


def _members(expression: ast.expr) -> set[tuple[str, str]]:
    """`State.A`, also inside a tuple or on one of the sides of `State.A if … else State.B`."""
    if isinstance(expression, ast.Attribute) and isinstance(expression.value, ast.Name):
        return {(expression.value.id, expression.attr)}
    inner: list[ast.expr] = []
    if isinstance(expression, ast.Tuple):
        inner = expression.elts
    elif isinstance(expression, ast.IfExp):
        inner = [expression.body, expression.orelse]
    return {state for part in inner for state in _members(part)}
