"""Break-glass codes: printed beforehand, used once each, to publish while the database is away.

DATA_DIR/status/codes.json (its owner's alone) holds their hashes. A code has 80 random bits, so that a plain hash
cannot be turned back.
"""

import base64
import hashlib
import json
import os
import secrets
from typing import Any

from portal_core.kernel import clock
from statuspage.snapshot import store
from statuspage.snapshot.journal import locked

BYTES = 10


def make(label: str, count: int) -> list[str]:
    """`count` new codes for one person, as they are printed: four groups of four."""
    codes = [base64.b32encode(secrets.token_bytes(BYTES)).decode() for _ in range(count)]
    at = clock.now().isoformat()
    with locked("codes"):
        _write([*_read(), *({"hash": _hash(code), "label": label, "made_at": at, "used_at": ""} for code in codes)])
    return ["-".join(code[start : start + 4] for start in range(0, len(code), 4)) for code in codes]


def owner(code: str) -> str:
    """Whose unused code this is; empty when it is none."""
    wanted = _hash(code)
    return next((row["label"] for row in _read() if row["hash"] == wanted and not row["used_at"]), "")


def use(code: str) -> bool:
    """Use the code up; False when somebody just did, or it is none."""
    wanted = _hash(code)
    with locked("codes"):
        rows = _read()
        found = next((row for row in rows if row["hash"] == wanted and not row["used_at"]), None)
        if found is None:
            return False
        found["used_at"] = clock.now().isoformat()
        _write(rows)
    return True


def revoke_all() -> int:
    """Make every unused code worthless; return how many there were."""
    with locked("codes"):
        rows = _read()
        left = sum(not row["used_at"] for row in rows)
        _write([row for row in rows if row["used_at"]])
    return left


def unused() -> int:
    return sum(not row["used_at"] for row in _read())


def _hash(code: str) -> str:
    return hashlib.sha256("".join(letter for letter in code.upper() if letter.isalnum()).encode()).hexdigest()


def _read() -> list[dict[str, Any]]:
    try:
        rows: list[dict[str, Any]] = json.loads((store.root() / "codes.json").read_text())
    except FileNotFoundError:
        return []
    return rows


def _write(rows: list[dict[str, Any]]) -> None:
    fresh = store.root() / ".codes.tmp"
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        json.dump(rows, file, indent=1)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(store.root() / "codes.json")
