import re

from tests.house.requirements_table import ROOT

ENVIRONMENT = re.compile(r"env\.(?:str|bool|int|list|float)\(\s*\"([A-Z_]+)\"")


def test_every_environment_variable_is_documented():
    read = set(ENVIRONMENT.findall((ROOT / "ops" / "settings.py").read_text()))
    page = (ROOT / "docs" / "operations" / "settings.md").read_text()
    documented = set(re.findall(r"^\| `([A-Z_]+)` \|", page, flags=re.MULTILINE))

    assert read - documented == set()
    assert documented - read - {"PORT"} == set()


def test_the_lock_files_pin_by_hash_and_carry_no_address():
    for name in ("run.txt", "dev.txt"):
        text = (ROOT / "requirements" / name).read_text()
        pins = re.findall(r"^[a-z0-9][a-z0-9._-]*(?:\[[a-z,]+\])?==", text, flags=re.MULTILINE)

        assert len(pins) > 50
        assert text.count("--hash=sha256:") >= len(pins)
        assert "://" not in text
        assert "--index-url" not in text
        assert "--find-links" not in text
