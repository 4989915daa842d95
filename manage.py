#!/usr/bin/env python
"""The one door for everything that is not bin/run or bin/test."""

import os
import sys
import traceback

MAIL_SERVERS_KNOW = (0, 65, 67, 69, 75)  # how `receive_mail` ends (sysexits.h)


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ops.settings")
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


def receive_mail() -> None:
    """A pipe that ends in any other way, before the command itself has begun too, makes the mail server send the mail
    back. 75: it keeps it and tries again."""
    try:
        main()
    except SystemExit as ended:
        sys.exit(ended.code if ended.code in MAIL_SERVERS_KNOW else 75)
    except BaseException:  # noqa: BLE001 - settings, the database, memory: it is told, and the mail stays where it is
        traceback.print_exc()
        sys.exit(75)


if __name__ == "__main__":
    if sys.argv[1:2] == ["receive_mail"]:
        receive_mail()
    else:
        main()
