#!/usr/bin/env python
"""The one door for everything that is not bin/run or bin/test."""

import os
import sys

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ops.settings")
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)
