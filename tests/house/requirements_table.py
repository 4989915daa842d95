"""Keeps docs/requirements.md true: id → where it lives → the tests that prove it.

    .venv/bin/python -m tests.house.requirements_table        # rewrite the table

The first two columns are written by hand; the others are found: code that names the id, tests that name it. An id
without a test is shown as open, so the page cannot claim more than the suite does.
"""

import ast
import re
import subprocess
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "requirements.md"
ID = re.compile(
    r"\b(PC|SP|HD|TR|TH|OP)[-_](\d\d)(?:(?:…|\.\.\.|–)(?:(?:PC|SP|HD|TR|TH|OP)[-_])?(\d\d))?", re.IGNORECASE
)
NAME_ID = re.compile(r"(?:^|_)(pc|sp|hd|tr|th|op)_(\d\d)(?=_|$)")
ROW = re.compile(r"^\| ((?:PC|SP|HD|TR|TH|OP)-\d\d) \| ([^|]+?) \|")
SHOWN = 3


def ids_in(text: str) -> set[str]:
    """Every id a text names; `PC-24…27` names four."""
    found: set[str] = set()
    for family, first, last in ID.findall(text):
        for number in range(int(first), int(last or first) + 1):
            found.add(f"{family.upper()}-{number:02d}")
    return found


def tracked(*patterns: str) -> list[Path]:
    out = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", *patterns],
        cwd=ROOT, check=True, capture_output=True, text=True,
    )  # fmt: skip
    return [ROOT / line for line in sorted(set(out.stdout.split("\n"))) if line and (ROOT / line).exists()]


def code() -> dict[str, list[str]]:
    """id → files of the product that name it."""
    places: dict[str, list[str]] = defaultdict(list)
    for path in tracked("*.py", "*.html", "*.js"):
        relative = path.relative_to(ROOT).as_posix()
        if relative.startswith(("tests/", "docs/", "bench/")):
            continue
        for id_ in ids_in(path.read_text(encoding="utf-8")):
            places[id_].append(relative)
    return places


def proofs() -> dict[str, list[str]]:
    """id → tests whose name, docstring or parameters name it, as `tests/x/test_y.py::test_z`."""
    places: dict[str, list[str]] = defaultdict(list)
    for path in tracked("tests/*.py"):
        relative = path.relative_to(ROOT).as_posix()
        if not path.name.startswith("test_"):
            continue
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) or not node.name.startswith("test_"):
                continue
            named = ids_in(ast.get_docstring(node) or "")
            named |= {f"{family.upper()}-{number}" for family, number in NAME_ID.findall(node.name)}
            for decorator in node.decorator_list:
                named |= ids_in(ast.unparse(decorator))
            for id_ in named:
                places[id_].append(f"{relative}::{node.name}")
    return places


def _cell(places: list[str]) -> str:
    shown = [f"`{place}`" for place in places[:SHOWN]]
    more = f" and {len(places) - SHOWN} more" if len(places) > SHOWN else ""
    return ", ".join(shown) + more


def render(current: str) -> str:
    """The page with its found columns brought up to date."""
    lives, proved = code(), proofs()
    lines = []
    total = done = 0
    for line in current.splitlines():
        match = ROW.match(line)
        if match:
            id_, title = match.groups()
            total += 1
            done += bool(proved[id_])
            line = f"| {id_} | {title} | {_cell(lives[id_])} | {_cell(proved[id_]) or 'open'} |"
        lines.append(line)
    page = "\n".join(lines) + "\n"
    return re.sub(r"^\d+ of \d+ have a test\.$", f"{done} of {total} have a test.", page, flags=re.MULTILINE)


if __name__ == "__main__":
    PAGE.write_text(render(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
