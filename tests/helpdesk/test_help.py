"""Help articles, and what must never stand on a page for patients."""

import re
from pathlib import Path

import pytest

from helpdesk.articles import article_for, shipped
from helpdesk.enums import Category
from helpdesk.rules.device import device_facts
from helpdesk.rules.sentences import SENTENCES

ARTICLES = [guide for guide in shipped() if guide.audience == "patients"]
ROOT = Path(__file__).resolve().parents[2]


def test_help_leads_from_internet_to_status_to_tips_to_contact(client, db):
    """SP-06, HD-03: in that order."""
    page = client.get("/help/").content.decode()
    main = page[page.index("<main") : page.index("</main")]

    places = [
        main.index(text)
        for text in ("Is your internet stable?", 'href="/status/"', "Try the steps", "Still need help?")
    ]
    assert places == sorted(places)
    assert main.index("Still need help?") < main.index('href="/help/contact/"')


@pytest.mark.parametrize("article", ARTICLES, ids=lambda article: article.slug)
def test_every_article_opens_and_ends_with_contact_us(client, db, article):
    """HD-04: cannot log in, connection, camera and microphone, browser permissions; "Still need help? Contact Us"."""
    answer = client.get(f"/help/articles/{article.slug}/")

    page = answer.content.decode()
    assert answer.status_code == 200
    assert f"<h1>{article.title}</h1>" in re.sub(r"\s*\n\s*", "", page)
    assert "Still need help?" in page
    assert 'href="/help/contact/' in page


def test_the_supported_systems_are_said(client, db):
    """HD-18: tested with Windows and Mac computers."""
    assert "Windows and Mac" in client.get("/help/articles/supported-browsers/").content.decode()


def test_an_unknown_article_is_not_found(client, db):
    assert client.get("/help/articles/nonsense/").status_code == 404


def test_every_link_in_the_articles_leads_somewhere(client, cast):
    pages = ["/help/", "/help/contact/", *(f"/help/articles/{article.slug}/" for article in ARTICLES)]
    targets = {
        link for page in pages for link in re.findall(r'<a [^>]*href="(/[^"#]*)"', client.get(page).content.decode())
    }

    broken = {link for link in targets if client.get(link, follow=True).status_code != 200}
    assert broken <= {"/status/"}  # until a status page is set up there is nothing to serve


def test_every_category_has_a_sentence_and_most_have_an_article(db):
    assert set(Category) - set(SENTENCES) == {Category.MSG_DELIVERY, Category.CLINICAL_URGENT}
    assert article_for(Category.LOGIN_PWD, practice_id=None).slug == "cannot-log-in"
    assert article_for(Category.OTHER, practice_id=None) is None


def test_no_page_or_mail_for_patients_prints_a_number_of_it():
    """TR-02: patients are never asked to call support. Numbers in templates are 911 or an office's variable."""
    told_to_call = re.compile(r"\b(call|phone|ring|dial)\b[^.<]{0,40}\b(support|help ?desk|IT)\b", re.IGNORECASE)
    digits = re.compile(r"(?:\+?\d[\d ().-]{6,}\d)|tel:\s*[\d+]")
    folders = [
        ROOT / "helpdesk/templates",
        ROOT / "helpdesk/library/patients",
        ROOT / "portal_core/access/templates",
        ROOT / "portal_core/accounts/templates",
    ]
    files = [path for folder in folders for path in folder.rglob("*") if path.is_file()]

    assert len(files) > 20
    for path in files:
        text = path.read_text(encoding="utf-8")
        words = re.sub(r"<(?!a )[^>]*>|\{[{%#].*?[}%#]\}", " ", text)
        assert not told_to_call.search(words), path
        assert not digits.search(words), path


@pytest.mark.parametrize(
    ("agent", "browser", "system"),
    [
        ("Windows NT 10.0; Win64; x64) Chrome/126.0.0.0 Safari/537.36", "Chrome 126", "Windows 10 or newer"),
        ("Windows NT 10.0) Chrome/126.0.0.0 Safari/537.36 Edg/126.0", "Edge 126", "Windows 10 or newer"),
        ("Macintosh; Intel Mac OS X 10_15_7) Version/17.4 Safari/605.1.15", "Safari 17", "macOS 10.15"),
        ("iPhone; CPU iPhone OS 17_4 like Mac OS X) Version/17.4 Mobile Safari/604.1", "Safari 17", "iOS 17"),
        ("Linux; Android 14; Pixel 8) Chrome/126.0.0.0 Mobile Safari/537.36", "Chrome 126", "Android 14"),
        ("X11; Ubuntu; Linux x86_64; rv:127.0) Gecko/20100101 Firefox/127.0", "Firefox 127", "Linux"),
        ("Windows NT 6.1; Trident/7.0; rv:11.0) like Gecko", "Internet Explorer 11", "Windows 7"),
    ],
)  # fmt: skip
def test_browsers_and_systems_are_named_as_people_name_them(agent, browser, system):
    """HD-18."""
    assert device_facts(f"Mozilla/5.0 ({agent}") == {"browser": browser, "os": system}


@pytest.mark.parametrize("agent", ["", "curl/8.0", "x" * 100000, "<script>", "Chrome/", "Version/" * 500])
def test_a_strange_user_agent_is_no_fact(agent):
    assert device_facts(agent, screen="<b>", language="../../") == {}
