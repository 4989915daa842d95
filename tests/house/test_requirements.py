import re

from tests.house.requirements_table import PAGE, ROOT, ROW, ids_in, proofs, render


def test_the_requirements_page_is_what_the_tree_says():
    """OP-10: docs/requirements.md cannot claim what no test proves."""
    page = PAGE.read_text(encoding="utf-8")

    assert page == render(page), "run: .venv/bin/python -m tests.house.requirements_table"


def test_every_requirement_has_one_row_and_no_test_names_an_unknown_one():
    rows = [match.group(1) for line in PAGE.read_text().splitlines() if (match := ROW.match(line))]

    assert len(rows) == len(set(rows)) == 158
    assert set(proofs()) <= set(rows)


def test_a_range_names_each_of_its_ids():
    assert ids_in("PC-24…27 and TH_05") == {"PC-24", "PC-25", "PC-26", "PC-27", "TH-05"}


def test_every_proof_points_at_a_test_that_exists():
    for places in proofs().values():
        for place in places:
            path, name = place.split("::")
            assert re.search(rf"def {name}\(", (ROOT / path).read_text(encoding="utf-8"))
