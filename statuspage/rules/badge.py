"""Badges as SVG: a name and a state, flat and small, told by words as well as by colour. No script, no style."""

from xml.etree import ElementTree as ET

HEIGHT, PADDING, TEXT_SIZE, BASE_LINE = 20, 8, 11, 14
LABEL_MAX = 40
_SVG = "http://www.w3.org/2000/svg"
# White on these is at least 4.5:1.
_COLOURS: dict[str, str] = {
    "ok": "#1f7a43",
    "info": "#226ba3",
    "warning": "#945305",
    "danger": "#b3262b",
    "neutral": "#5a666b",
}
_NARROW, _WIDE = set("fijlrt.,:;'|!()[] I"), set("mwMW@%")


def badge(label: str, value: str, tone: str) -> bytes:
    """`label | value`, the value's field in the colour of `tone` (ok, info, warning, danger, neutral)."""
    label = label if len(label) <= LABEL_MAX else label[: LABEL_MAX - 1].rstrip() + "…"
    left, right = _width(label), _width(value)
    total = left + right
    root = ET.Element(
        "svg",
        {
            "xmlns": _SVG,
            "width": str(total),
            "height": str(HEIGHT),
            "viewBox": f"0 0 {total} {HEIGHT}",
            "role": "img",
            "aria-label": f"{label}: {value}",
        },
    )
    ET.SubElement(root, "title").text = f"{label}: {value}"
    corners = ET.SubElement(root, "clipPath", id="c")
    ET.SubElement(corners, "rect", width=str(total), height=str(HEIGHT), rx="4")
    fields = ET.SubElement(root, "g", {"clip-path": "url(#c)"})
    ET.SubElement(fields, "rect", width=str(left), height=str(HEIGHT), fill="#37424a")
    ET.SubElement(fields, "rect", x=str(left), width=str(right), height=str(HEIGHT), fill=_COLOURS[tone])
    words = ET.SubElement(
        root,
        "g",
        {
            "fill": "#fff",
            "font-family": "Verdana,DejaVu Sans,Geneva,sans-serif",
            "font-size": str(TEXT_SIZE),
            "text-anchor": "middle",
            "aria-hidden": "true",
        },
    )
    for text, start, width in ((label, 0, left), (value, left, right)):
        # textLength: whatever font a reader has, the words fill their field and no more.
        ET.SubElement(
            words,
            "text",
            {
                "x": f"{start + width / 2:g}",
                "y": str(BASE_LINE),
                "textLength": str(width - 2 * PADDING),
                "lengthAdjust": "spacingAndGlyphs",
            },
        ).text = text
    drawn: bytes = ET.tostring(root, encoding="utf-8")
    return drawn


def _width(text: str) -> int:
    """In pixels, with the padding; letters of Verdana at 11 px, roughly."""
    letters = sum(4.4 if letter in _NARROW else 10 if letter in _WIDE else 7.1 for letter in text)
    return round(letters) + 2 * PADDING
