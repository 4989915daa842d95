"""Browser and system out of a User-Agent header, in the words a person would use (HD-18). Pure and forgiving."""

import re

BROWSERS = (
    ("Edge", r"Edg(?:A|iOS)?/(\d+)"),
    ("Opera", r"OPR/(\d+)"),
    ("Samsung Internet", r"SamsungBrowser/(\d+)"),
    ("Firefox", r"(?:Firefox|FxiOS)/(\d+)"),
    ("Chrome", r"(?:Chrome|CriOS)/(\d+)"),
    ("Safari", r"Version/(\d+)[\d.]*.*Safari/"),
    ("Internet Explorer", r"(?:MSIE |Trident/.*rv:)(\d+)"),
)
SYSTEMS = (
    ("iOS", r"(?:iPhone|iPad|iPod).*? OS (\d+)"),
    ("Android", r"Android (\d+)"),
    ("ChromeOS", r"CrOS"),
    ("Windows", r"Windows NT (\d+\.\d+)"),
    ("macOS", r"Mac OS X (\d+[._]\d+)"),
    ("Linux", r"Linux"),
)
WINDOWS = {"10.0": "10 or newer", "6.3": "8.1", "6.2": "8", "6.1": "7"}


def device_facts(user_agent: str, *, screen: str = "", language: str = "") -> dict[str, str]:
    """{"browser": "Chrome 126", "os": "Windows 10 or newer", "screen": "1920x1080", "language": "en-US"}; what is not
    known is left out."""
    text = user_agent[:400]
    facts = {"browser": _first(BROWSERS, text), "os": _first(SYSTEMS, text)}
    if re.fullmatch(r"\d{2,5}x\d{2,5}", screen):
        facts["screen"] = screen
    tag = language.split(",")[0].strip()
    if re.fullmatch(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})?", tag):
        facts["language"] = tag
    return {name: value for name, value in facts.items() if value}


def _first(table: tuple[tuple[str, str], ...], text: str) -> str:
    for name, pattern in table:
        match = re.search(pattern, text)
        if match:
            version = match.group(1).replace("_", ".") if match.groups() else ""
            version = WINDOWS.get(version, version) if name == "Windows" else version
            return f"{name} {version}".strip()
    return ""
