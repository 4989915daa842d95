"""What the portal is tested with (HD-18): one list for the help page and for the devices on tickets."""

import re
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Platform:
    """A browser; `since` is the oldest version that works, empty for none."""

    name: str
    since: str
    systems: str
    video: str
    words: str  # how `rules.device` names it


PLATFORMS: Final = (
    Platform("Chrome", "114", "Windows, Mac, Linux, Android", "Yes, recommended", "Chrome"),
    Platform("Edge", "114", "Windows, Mac", "Yes", "Edge"),
    Platform("Firefox", "115", "Windows, Mac, Linux, Android", "Yes", "Firefox"),
    Platform("Safari", "16.4", "Mac, iPhone, iPad", "Yes", "Safari"),
    Platform("Internet Explorer", "", "Windows", "No", "Internet Explorer"),
)


def verdict(browser: str) -> str:
    """Of a browser as `rules.device` names it ("Chrome 126"): "supported", "too old", "not tested"; "" for none."""
    if not browser.strip():
        return ""
    for one in PLATFORMS:
        found = re.fullmatch(rf"{one.words} ?([0-9]+)?(?:\..*)?", browser)
        if found:
            oldest = int(one.since.split(".")[0]) if one.since else None
            if oldest is None:
                return "too old"
            return "" if found[1] is None else "supported" if int(found[1]) >= oldest else "too old"
    return "not tested"
