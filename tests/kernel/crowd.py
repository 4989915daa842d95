"""Several people doing something at the very same moment, each on a database connection of their own."""

import threading
from collections.abc import Callable
from typing import Any

from django.db import connection


def at_once(*deeds: Callable[[], Any]) -> list[Any]:
    """Run all deeds in threads that start together; return what each returned or raised, in order."""
    start = threading.Barrier(len(deeds))
    results: list[Any] = [None] * len(deeds)

    def run(number: int, deed: Callable[[], Any]) -> None:
        start.wait(10)
        try:
            results[number] = deed()
        except Exception as error:  # noqa: BLE001 - handed to the test
            results[number] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=item) for item in enumerate(deeds)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return results
