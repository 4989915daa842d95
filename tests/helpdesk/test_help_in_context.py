"""Help where one needs it (PC-55): pages link to it by the name of the task; patients and desks each have their own."""

import re
from pathlib import Path

import pytest

from helpdesk.actions import articles as actions
from helpdesk.articles import DESK_TOPICS, TOPICS, shipped
from helpdesk.enums import Audience
from helpdesk.rules.guides import anchor_of, render
from tests.helpdesk.test_articles import draft

ROOT = Path(__file__).resolve().parents[2]
GUIDES = {(guide.audience, guide.slug): guide for guide in shipped()}
PUBLIC_PAGES = {
    "/portal/sign-in/": "sign-in",
    "/portal/activate/": "activate",
    "/portal/activate/?sent": "no-e-mail",
    "/portal/activate/pin/": "pin",
    "/portal/forgot-password/": "reset",
    "/portal/forgot-username/": "username",
    "/portal/set-password/nonsense/": "link",
}


@pytest.mark.parametrize(
    ("audience", "topics"), [(Audience.PATIENTS, TOPICS), (Audience.OFFICE, DESK_TOPICS)], ids=["patients", "desks"]
)
def test_every_task_has_an_article_and_its_heading(audience, topics):
    for slug, heading in topics.values():
        guide = GUIDES[audience, slug]
        assert not heading or f'id="{anchor_of(heading)}"' in guide.html(), heading


def test_the_pages_link_only_to_tasks_that_exist_and_to_all_of_them():
    linked = {False: set(), True: set()}
    for path in [*ROOT.glob("portal_core/*/templates/**/*.html"), *ROOT.glob("triage/templates/**/*.html")]:
        for desk, topic in re.findall(r'href="(/desk)?/help/for/([\w-]+)/"', path.read_text(encoding="utf-8")):
            linked[bool(desk)].add(topic)
    for path in ROOT.glob("helpdesk/templates/**/*.html"):  # the room that has the addresses asks for them by name
        linked[False] |= set(re.findall(r'{% url "helpdesk:help-for" "([\w-]+)" %}', path.read_text(encoding="utf-8")))

    assert linked[False] == set(TOPICS)
    assert linked[True] == set(DESK_TOPICS)


@pytest.mark.parametrize("path", PUBLIC_PAGES)
def test_a_page_for_patients_leads_to_the_step_one_is_at(client, cast, path):
    page = client.get(path).content.decode()
    topic = PUBLIC_PAGES[path]
    assert f'href="/help/for/{topic}/"' in page

    answer = client.get(f"/help/for/{topic}/")

    slug, heading = TOPICS[topic]
    assert answer.status_code == 302
    assert answer["Location"] == f"/help/articles/{slug}/" + (f"#{anchor_of(heading)}" if heading else "")


def test_a_desk_lands_in_the_practices_own_help_and_nobody_else_does(client, cast, staff_client, patient_client):
    olivia = staff_client(cast.olivia)
    answer = olivia.get("/desk/help/for/onboarding/")

    assert answer["Location"] == "/desk/help/bring-patients-in/#about-many-at-once"
    assert olivia.get(answer["Location"]).status_code == 200
    assert client.get("/help/for/onboarding/").status_code == 404
    assert olivia.get("/desk/help/for/nonsense/").status_code == 404
    assert client.get("/help/articles/bring-patients-in/").status_code == 404
    assert client.get("/desk/help/for/onboarding/")["Location"].startswith("/desk/sign-in/")
    assert patient_client(cast.pat).get("/desk/help/for/onboarding/").status_code == 302


def test_a_practices_own_words_without_the_heading_are_begun_at_the_top(client, cast):
    actions.create(staff=cast.ana, draft=draft("your-portal-account"), publish=True, by=cast.ana.actor)

    assert client.get("/help/for/activate/")["Location"] == "/help/articles/your-portal-account/"


def test_headings_of_the_same_words_keep_apart():
    html = render("## Do this\n\n## Do this\n\n### Do *this*")
    assert re.findall(r'id="([^"]+)"', html) == ["about-do-this", "about-do-this-2", "about-do-this-3"]
