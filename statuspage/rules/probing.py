"""From answers to a judgement: three failures in a row make a thing failing, two successes in a row make it work again
(the thresholds of Gatus), so that one lost packet changes nothing."""

from statuspage.enums import EntryPointHealth, EntryPointKind

FAILURES, SUCCESSES = 3, 2


def judge(health: str, failures: int, *, ok: bool) -> tuple[str, int]:
    """Health and count after one more answer. While failing, the count falls from FAILURES to the successes that are
    still lacking; any failure sets it back."""
    if health != EntryPointHealth.FAILING:
        if ok:
            return str(EntryPointHealth.WORKING), 0
        failures += 1
        return (str(EntryPointHealth.FAILING), FAILURES) if failures >= FAILURES else (health, failures)
    if not ok:
        return health, FAILURES
    left = min(failures, SUCCESSES) - 1
    return (health, left) if left > 0 else (str(EntryPointHealth.WORKING), 0)


def usable_target(kind: str, target: str) -> bool:
    """Whether a target fits its kind: a path of ours or https elsewhere, a number to dial, or nothing."""
    if kind == EntryPointKind.LINK:
        return is_address(target)
    if kind == EntryPointKind.PHONE:
        return sum(letter.isdigit() for letter in target) >= 3 and not any(letter in "<>\"'" for letter in target)
    return not target


def is_address(text: str) -> bool:
    """A path of this site, or https."""
    if any(letter.isspace() or not letter.isprintable() for letter in text):
        return False
    return (text.startswith("/") and not text.startswith(("//", "/\\"))) or text.lower().startswith("https://")
