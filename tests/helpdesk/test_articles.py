"""The knowledge base: what ships, a practice's own texts, versions, suggestions, and what readers say."""

import re

import pytest

from helpdesk import articles
from helpdesk.actions import articles as actions
from helpdesk.contracts import ArticleDraft
from helpdesk.enums import Audience, Category
from helpdesk.errors import ArticleChanged, ArticleNameTaken
from helpdesk.models import Article, ArticleFeedback, ArticleVersion
from helpdesk.rules.guides import rank, render
from helpdesk.rules.platforms import verdict
from portal_core.kernel.models import AuditEvent

SETTINGS = "/desk/settings/articles/"


def typed(**changes):
    values = {
        "title": "I cannot print", "slug": "cannot-print", "audience": "patients", "summary": "Paper, please.",
        "body": "## First\n\n1. Turn it on.", "categories": ["NAV_HELP"], "note": "", "do": "publish",
    }  # fmt: skip
    return {**values, **changes}


def draft(slug="cannot-print", audience=Audience.PATIENTS, **changes):
    values = {
        "slug": slug, "audience": audience, "title": "I cannot print", "summary": "Paper.", "body": "Turn it on.",
        "categories": ("NAV_HELP",),
    }  # fmt: skip
    return ArticleDraft(**{**values, **changes})


@pytest.fixture
def ana(cast, staff_client):
    return staff_client(cast.ana)


# --- what ships -------------------------------------------------------------------------------------------------------
def test_the_guides_of_the_contract_ship():
    """HD-04, PC-55: login, connection, camera and microphone, browser permissions; patients' help is its own shelf."""
    shelves = {one: {guide.slug for guide in articles.shipped() if guide.audience == one} for one in Audience}

    assert shelves[Audience.PATIENTS] >= {
        "cannot-log-in", "connection-issues", "camera-and-microphone", "browser-permissions", "your-portal-account",
    }  # fmt: skip
    assert "verify-a-caller" in shelves[Audience.OFFICE]
    assert "work-a-flag" in shelves[Audience.IT]
    titles = {guide.slug: guide.title for guide in articles.shipped()}
    assert titles["your-portal-account"] == "Accessing your Patient Portal account"


def test_offices_and_it_read_their_own_help_and_the_patients(cast, client, staff_client):
    for reader, sees, misses in (
        (cast.carla, ("verify-a-caller", "cannot-log-in"), ("work-a-flag",)),
        (cast.olivia, ("verify-a-caller", "cannot-log-in"), ("work-a-flag",)),
        (cast.ian, ("work-a-flag", "verify-a-caller", "cannot-log-in"), ()),
    ):
        page = staff_client(reader).get("/desk/help/").content.decode()
        for slug in sees:
            assert f'href="/desk/help/{slug}/"' in page
            assert staff_client(reader).get(f"/desk/help/{slug}/").status_code == 200
        for slug in misses:
            assert slug not in page
            assert staff_client(reader).get(f"/desk/help/{slug}/").status_code == 404
    assert client.get("/help/articles/verify-a-caller/").status_code == 404
    assert client.get("/help/articles/work-a-flag/").status_code == 404


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;"),
        ("[x](javascript:alert(1))", "[x](javascript:alert(1))"),
        ("[x](//evil.example/)", '<a href="#">x</a>'),
        ("[x](http://evil.example/)", '<a href="#">x</a>'),
        ("[x](/status/)", '<a href="/status/">x</a>'),
        ("[x](https://a.example/)", '<a href="https://a.example/" rel="noopener noreferrer">x</a>'),
        ("![x](/a.png)", '!<a href="/a.png">x</a>'),
        ("# Top", '<h2 id="about-top">Top</h2>'),
        ("|a|b|\n|-|-|\n|1|2|", '<div class="table-wrap"><table>'),
        ("{platforms}", '<th scope="row">Chrome</th>'),
    ],
)
def test_a_text_becomes_a_page_without_harm(written, shown):
    assert shown in render(written)


@pytest.mark.parametrize(
    ("browser", "said"),
    [
        ("Chrome 126", "supported"), ("Chrome 98", "too old"), ("Safari 16", "supported"), ("Safari 15", "too old"),
        ("Internet Explorer 11", "too old"), ("Opera 99", "not tested"), ("Chrome", ""), ("", ""),
    ],
)  # fmt: skip
def test_a_device_is_compared_with_the_supported_list(browser, said):
    """HD-18."""
    assert verdict(browser) == said


# --- suggestions ------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("text", "category", "first"),
    [
        ("I forgot my password and the reset mail never arrives", "", "cannot-log-in"),
        ("nobody can hear me, the microphone is dead", "", "camera-and-microphone"),
        ("the website is loading forever on my wifi", "", "connection-issues"),
        ("chrome has blocked my camera, how do I allow it", "", "browser-permissions"),
        ("I can't open the PDF attachments", "", "attachments"),
        ("", Category.TH_AV, "camera-and-microphone"),
        ("is my old iPad supported", "", "supported-browsers"),
    ],
)
def test_what_is_typed_finds_its_article(text, category, first):
    mine = [guide for guide in articles.shipped() if guide.audience == Audience.PATIENTS]

    assert rank(mine, text, category=category)[0].slug == first


@pytest.mark.parametrize("text", ["", "the and of", "zzz qqq", "x" * 5000, "' OR 1=1", "<script>"])
def test_what_fits_nothing_suggests_nothing(text):
    assert rank(articles.shipped(), text) == []


def test_the_contact_form_and_the_desk_suggest_while_one_types(cast, client, staff_client):
    form = client.get("/help/contact/").content.decode()
    assert 'hx-post="/help/suggest/"' in form

    said = client.post("/help/suggest/", {"body": "no sound, my microphone is dead", "category": ""}).content.decode()
    assert 'href="/help/articles/camera-and-microphone/"' in said
    assert client.post("/help/suggest/", {"body": "hello"}).content.decode().strip() == ""
    assert client.get("/help/suggest/").status_code == 405

    said = staff_client(cast.olivia).post("/desk/help/suggest/", {"category": "LOGIN_PWD"}).content.decode()
    assert 'href="/desk/help/verify-a-caller/"' in said
    assert client.post("/help/suggest/", {"category": "LOGIN_PWD"}).content.decode().count("/desk/") == 0


def test_help_is_searched_by_post_and_says_so_when_nothing_fits(client, db):
    page = client.post("/help/", {"q": "echo in the headset"}).content.decode()
    assert "This may help" in page
    assert 'href="/help/articles/camera-and-microphone/"' in page
    assert "Nothing fits these words" in client.post("/help/", {"q": "zzz"}).content.decode()
    assert "Try the steps below" in client.post("/help/", {"q": " "}).content.decode()


# --- a practice's own -------------------------------------------------------------------------------------------------
def test_a_manager_writes_an_article_and_everybody_reads_it(cast, ana, client):
    answer = ana.post(f"{SETTINGS}new/", typed())

    assert answer["Location"] == f"{SETTINGS}cannot-print/"
    assert "Turn it on." in client.get("/help/articles/cannot-print/").content.decode()
    assert "I cannot print" in client.get("/help/").content.decode()
    assert list(AuditEvent.objects.filter(action__startswith="article:").values_list("action", flat=True)) == [
        "article:publish"
    ]
    assert rank(articles.public_guides(), "print")[0].slug == "cannot-print"


def test_ones_own_text_stands_in_the_place_of_what_ships(cast, ana, client, staff_client):
    page = ana.get(f"{SETTINGS}attachments/").content.decode()
    assert "Most attachments are PDF files" in page

    ana.post(f"{SETTINGS}attachments/", typed(title="Papers", body="Ours.", slug=""))
    assert "Ours." in client.get("/help/articles/attachments/").content.decode()
    other = articles.guide("attachments", Audience.PATIENTS, practice_id=cast.elsewhere.pk)
    assert "PDF" in other.body  # another practice keeps what ships

    ana.post(f"{SETTINGS}attachments/shelf/", {"off": "1"})
    assert client.get("/help/articles/attachments/").status_code == 404
    ana.post(f"{SETTINGS}attachments/shelf/", {"off": "0"})
    assert client.get("/help/articles/attachments/").status_code == 200


def test_a_draft_is_seen_by_nobody_until_it_is_published(cast, ana, client):
    ana.post(f"{SETTINGS}new/", typed(do="draft"))
    assert client.get("/help/articles/cannot-print/").status_code == 404
    assert "first draft" in ana.get(SETTINGS).content.decode()

    ana.post(f"{SETTINGS}cannot-print/", typed(seen="1", body="Second."))
    assert "Second." in client.get("/help/articles/cannot-print/").content.decode()
    ana.post(f"{SETTINGS}cannot-print/", typed(seen="2", body="Third.", do="draft"))
    assert "Second." in client.get("/help/articles/cannot-print/").content.decode()
    preview = ana.post(f"{SETTINGS}cannot-print/", typed(seen="3", body="**Fourth**", do="preview")).content.decode()
    assert "<strong>Fourth</strong>" in preview
    assert ArticleVersion.objects.count() == 3

    assert "Turn it on." in ana.get(f"{SETTINGS}cannot-print/1/").content.decode()
    ana.post(f"{SETTINGS}cannot-print/1/")
    assert "Turn it on." in client.get("/help/articles/cannot-print/").content.decode()
    assert ArticleVersion.objects.order_by("-number").first().note == "Version 1 again"


def test_for_whom_it_is_changes_with_the_text_that_is_read(cast, ana, client, staff_client):
    """A draft for other readers shows the old text to nobody new, and an old version comes back for its own readers."""
    ana.post(f"{SETTINGS}new/", typed(audience="office", categories=["LOGIN_PWD"], body="For us alone."))

    ana.post(f"{SETTINGS}cannot-print/", typed(seen="1", body="For you.", do="draft"))
    assert client.get("/help/articles/cannot-print/").status_code == 404
    assert "For us alone." in staff_client(cast.olivia).get("/desk/help/cannot-print/").content.decode()
    found = articles.guide("cannot-print", Audience.OFFICE, practice_id=cast.practice.pk)
    assert found.categories == {Category.LOGIN_PWD}
    edited = ana.get(f"{SETTINGS}cannot-print/").content.decode()
    assert '<option value="patients" selected>' in edited  # the writer goes on where the draft stands

    ian = staff_client(cast.ian)
    assert ian.post(f"{SETTINGS}cannot-print/2/").status_code == 404  # written for patients: not IT's to publish
    ana.post(f"{SETTINGS}cannot-print/2/")
    assert "For you." in client.get("/help/articles/cannot-print/").content.decode()
    ana.post(f"{SETTINGS}cannot-print/1/")
    assert client.get("/help/articles/cannot-print/").status_code == 404
    row = Article.objects.get()
    assert (row.audience, row.categories, row.published) == (Audience.OFFICE, ["LOGIN_PWD"], 4)


def test_two_writers_one_article(cast, ana):
    """The second is told, and keeps what was typed."""
    ana.post(f"{SETTINGS}new/", typed())
    first = ana.post(f"{SETTINGS}cannot-print/", typed(seen="1", body="Mine."))
    second = ana.post(f"{SETTINGS}cannot-print/", typed(seen="1", body="Also mine."))

    assert first.status_code == 302
    assert second.status_code == 409
    assert "Also mine." in second.content.decode()
    assert ArticleVersion.objects.count() == 2
    with pytest.raises(ArticleChanged):
        actions.save(article=Article.objects.get(), draft=draft(), seen=1, publish=True, by=cast.ana.actor)
    with pytest.raises(ArticleNameTaken):
        actions.create(draft=draft(), staff=cast.ana, publish=True, by=cast.ana.actor)
    assert ana.post(f"{SETTINGS}new/", typed()).status_code == 422


def test_who_may_write_for_whom(cast, ana, staff_client):
    """Managers for everybody, IT for itself and the offices, others for nobody."""
    ian = staff_client(cast.ian)
    assert ian.post(f"{SETTINGS}new/", typed(slug="a", audience="it")).status_code == 302
    assert ian.post(f"{SETTINGS}new/", typed(slug="b", audience="office")).status_code == 302
    assert ian.post(f"{SETTINGS}new/", typed(slug="c", audience="patients")).status_code == 422
    assert ian.get(f"{SETTINGS}cannot-log-in/").status_code == 404
    ana.post(f"{SETTINGS}new/", typed())
    for deed in ("cannot-print/shelf/", "cannot-print/1/"):
        assert ian.post(f"{SETTINGS}{deed}", {"off": "1"}).status_code == 404
    for stranger in (cast.olivia, cast.carla):
        assert staff_client(stranger).get(SETTINGS).status_code == 403
    charlie = staff_client(cast.charlie)
    assert charlie.get("/desk/help/a/").status_code == 404  # another practice
    assert set(Article.objects.values_list("slug", flat=True)) == {"a", "b", "cannot-print"}


@pytest.mark.parametrize(
    "wrong", [{"title": ""}, {"slug": "no spaces"}, {"slug": "suggest"}, {"audience": "all"}, {"categories": ["NOPE"]}]
)
def test_what_cannot_be_an_article_is_asked_for_again(ana, wrong):
    answer = ana.post(f"{SETTINGS}new/", typed(**wrong))

    assert answer.status_code == 422
    assert "Turn it on." in answer.content.decode()
    assert not Article.objects.exists()


# --- what readers say -------------------------------------------------------------------------------------------------
def test_a_reader_says_whether_it_helped_once(cast, client, ana):
    page = "/help/articles/cannot-log-in/feedback/"
    press = {"helped": "no", "comment": "Which <b>spam</b> folder?", "idempotency_key": "k" * 20}

    assert client.post(page, press).status_code == 302
    client.post(page, press)
    client.post(page, {"helped": "yes", "idempotency_key": "j" * 20})
    assert client.post(page, {"helped": "perhaps"}).status_code == 422
    assert client.post("/help/articles/nonsense/feedback/", press).status_code == 404

    rows = list(ArticleFeedback.objects.order_by("pk").values_list("slug", "number", "helped", "practice"))
    assert rows == [("cannot-log-in", 0, False, cast.practice.pk), ("cannot-log-in", 0, True, cast.practice.pk)]
    shown = ana.get(f"{SETTINGS}cannot-log-in/").content.decode()
    assert "Which &lt;b&gt;spam&lt;/b&gt; folder?" in shown
    row = re.search(r"I cannot sign in</a>.*?</tr>", ana.get(SETTINGS).content.decode(), re.DOTALL)[0]
    assert re.findall(r">\s*(\d+)\s*</td>", row) == ["1", "1"]


def test_staff_say_so_too(cast, staff_client):
    assert staff_client(cast.olivia).post("/desk/help/verify-a-caller/feedback/", {"helped": "yes"}).status_code == 302
    assert staff_client(cast.olivia).post("/desk/help/work-a-flag/feedback/", {"helped": "yes"}).status_code == 404
    assert ArticleFeedback.objects.get().slug == "verify-a-caller"


def test_without_a_database_the_help_that_ships_is_read(monkeypatch, db):
    from django.db import DatabaseError

    def gone():
        raise DatabaseError

    monkeypatch.setattr(articles, "site_practice", gone)
    assert "cannot-log-in" in {guide.slug for guide in articles.public_guides()}
