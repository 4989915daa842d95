"""Invented places and people. No town, street or person here is a real one."""

import random
from collections.abc import Iterator

# (office, town, ZIP code): 18 locations (S2)
OFFICES = (
    ("Larkfield Main Street", "Larkfield", "62790"),
    ("Larkfield West", "Larkfield", "62791"),
    ("Ashgrove", "Ashgrove", "62714"),
    ("Birch Hollow", "Birch Hollow", "62716"),
    ("Cedar Bend", "Cedar Bend", "62721"),
    ("Dunmore", "Dunmore", "62723"),
    ("Elm Crossing", "Elm Crossing", "62728"),
    ("Fairhaven", "Fairhaven", "62730"),
    ("Glen Marsh", "Glen Marsh", "62735"),
    ("Harlow", "Harlow", "62737"),
    ("Ivyton", "Ivyton", "62741"),
    ("Juniper Falls", "Juniper Falls", "62743"),
    ("Kingsbrook", "Kingsbrook", "62748"),
    ("Linden Park", "Linden Park", "62752"),
    ("Maple Ridge", "Maple Ridge", "62755"),
    ("Northgate", "Northgate", "62759"),
    ("Orchard Hill", "Orchard Hill", "62764"),
    ("Prairie View", "Prairie View", "62768"),
)

STREETS = (
    "Main Street", "Mill Lane", "Church Street", "Station Road", "Park Avenue", "Oak Street", "River Road",
    "Market Street", "Hill Road", "Willow Way", "Garden Street", "Lake Drive",
)  # fmt: skip

FIRST = (
    "Ada", "Amir", "Anita", "Ben", "Bianca", "Calvin", "Chloe", "Darius", "Delia", "Elena", "Emeka", "Esther", "Felix",
    "Fatima", "Gideon", "Grace", "Hana", "Hugo", "Imani", "Isaac", "Jada", "Jonas", "Kofi", "Lena", "Liam", "Lucia",
    "Marcus", "Mei", "Milo", "Nadia", "Noah", "Nora", "Otis", "Priya", "Quinn", "Rafael", "Rosa", "Ruth", "Samir",
    "Selma", "Theo", "Tomas", "Uma", "Victor", "Wanda", "Xavier", "Yara", "Zoe",
)  # fmt: skip

LAST = (
    "Abbott", "Alvarez", "Banerjee", "Barlow", "Castillo", "Chen", "Dawson", "Delgado", "Ellison", "Fadel", "Fischer",
    "Garner", "Gupta", "Hale", "Hoang", "Ibarra", "Jansen", "Kamara", "Keller", "Kowalski", "Lambert", "Lopez",
    "Maddox", "Moreau", "Nakata", "Novak", "Obi", "Osborne", "Park", "Pereira", "Quigley", "Ramos", "Rossi", "Sandoval",
    "Shah", "Stokes", "Tanaka", "Thorne", "Ueda", "Vance", "Velez", "Wallace", "Weiss", "Yates", "Young", "Zamora",
)  # fmt: skip


def people(dice: random.Random, count: int) -> Iterator[tuple[str, str]]:
    """(first, last) of that many people, no two of the same name."""
    every = [(first, last) for first in FIRST for last in LAST]
    return iter(dice.sample(every, count))
