"""Python with Django set up, for as long as a product runs: every line of standard input is code, in JSON.

Starting a process for each look into a product's database would cost more than most of what the tests do with it.
Answers with one line of JSON: {"printed": …} or {"failed": traceback}.
"""

import contextlib
import io
import json
import sys
import traceback

import django
from django.db import connections


def run(code: str) -> dict[str, str]:
    printed = io.StringIO()
    try:
        with contextlib.redirect_stdout(printed):
            exec(compile(code, "<test>", "exec"), {})
    except Exception:  # noqa: BLE001 - whatever it is, the test is to see it
        return {"failed": traceback.format_exc()}
    finally:
        connections.close_all()  # a database that is stopped or deleted meanwhile is nobody's here
    return {"printed": printed.getvalue()}


if __name__ == "__main__":
    django.setup()
    for line in sys.stdin:
        sys.stdout.write(json.dumps(run(json.loads(line))) + "\n")
        sys.stdout.flush()
