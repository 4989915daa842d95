"""Help articles (HD-04, PC-55): those that ship with the product, and those of a practice in their place."""

import logging
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from django.db import DatabaseError
from django.db.models import Count, F, Q

from helpdesk.enums import Audience, Category
from helpdesk.models import Article, ArticleFeedback, ArticleVersion
from helpdesk.rules.guides import Guide, anchor_of, parse, rank
from helpdesk.rules.platforms import verdict
from portal_core.directory import queries as directory
from portal_core.directory.enums import Hat, Permission
from portal_core.kernel.errors import NotFound

if TYPE_CHECKING:
    from portal_core.directory.models import Staff

logger = logging.getLogger(__name__)
LIBRARY = Path(__file__).parent / "library"
# Who may write for whom: managers everything, IT for itself and for the offices it helps.
WRITERS: dict[Audience, tuple[Permission, ...]] = {
    Audience.PATIENTS: (Permission.SETTINGS,),
    Audience.OFFICE: (Permission.SETTINGS, Permission.IT_DESK),
    Audience.IT: (Permission.SETTINGS, Permission.IT_DESK),
}

# What a page links to by the name of its task: short name of the article, and the heading to begin at ("": its top).
TOPICS: dict[str, tuple[str, str]] = {
    "sign-in": ("cannot-log-in", ""),
    "activate": ("your-portal-account", "Part 2: Create your account"),
    "register": ("your-portal-account", "You are a new patient"),
    "reset": ("cannot-log-in", "You forgot your password"),
    "username": ("cannot-log-in", "You forgot your user name"),
    "pin": ("cannot-log-in", "You have a slip with a PIN"),
    "no-e-mail": ("cannot-log-in", "No e-mail arrives"),
    "link": ("cannot-log-in", "The link does not work"),
    "second-step": ("cannot-log-in", "You are asked for a code"),
    "password": ("your-portal-account", "Choose a good password"),
    "proxy": ("your-portal-account", "You act for somebody else"),
    "files": ("attachments", "Open it"),
}
DESK_TOPICS: dict[str, tuple[str, str]] = {
    "portal-access": ("portal-status", ""),
    "onboarding": ("bring-patients-in", "Many at once"),
    "registrations": ("bring-patients-in", "Patients who register on the website"),
    "no-e-mail": ("bring-patients-in", "Patients without e-mail"),
    "e-mail-change": ("bring-patients-in", "The e-mail address changes"),
    "proxy": ("bring-patients-in", "Parents, guardians, caregivers"),
    "verify": ("verify-a-caller", ""),
}


@lru_cache(maxsize=1)
def shipped() -> tuple[Guide, ...]:
    """What comes with the product, in the order of its files."""
    return tuple(
        parse(path.read_text(encoding="utf-8"), slug=path.stem, audience=Audience(path.parent.name))
        for path in sorted(LIBRARY.glob("*/*.md"))
    )


def guides(*audiences: Audience, practice_id: int | None) -> list[Guide]:
    """The articles a reader of these audiences finds, in their order; one query. A practice's article replaces the
    shipped one of the same short name; a retired one hides it."""
    found = {guide.slug: guide for guide in shipped()}
    rows = ArticleVersion.objects.filter(article__practice_id=practice_id or 0, number=F("article__published"))
    for row in rows.select_related("article"):
        base = found.pop(row.article.slug, None)
        if row.article.retired_at is None:
            found[row.article.slug] = as_guide(row, base)
    mine = [guide for guide in found.values() if guide.audience in audiences]
    order = list(audiences)
    return sorted(mine, key=lambda guide: (order.index(guide.audience), guide.order, guide.title))


def as_guide(version: ArticleVersion, base: Guide | None = None) -> Guide:
    """A version as it is read; icon, words and place are taken over from the shipped text it stands for."""
    article = version.article
    return Guide(
        slug=article.slug,
        audience=Audience(version.audience),
        title=version.title,
        summary=version.summary,
        body=version.body,
        icon=base.icon if base is not None else "help",
        keywords=base.keywords if base is not None else "",
        categories=frozenset(Category(code) for code in version.categories if code in Category.values),
        order=base.order if base is not None else 100,
        version=version.number,
        practice_id=article.practice_id,
    )


def guide(slug: str, *audiences: Audience, practice_id: int | None) -> Guide:
    """Raises NotFound."""
    return _named(slug, guides(*audiences, practice_id=practice_id))


def site_practice() -> int | None:
    """The practice that runs this site: the help of people who have not signed in is its help."""
    office = directory.contact_offices().first()
    return office.practice_id if office is not None else None


def public_guides() -> list[Guide]:
    """What people read who have not signed in; two queries. Without a database, what ships: help is needed most when
    something is down."""
    try:
        return guides(Audience.PATIENTS, practice_id=site_practice())
    except DatabaseError:
        logger.exception("help: no database, showing the articles that ship")
        return [one for one in shipped() if one.audience == Audience.PATIENTS]


def public_guide(slug: str) -> Guide:
    """Raises NotFound."""
    return _named(slug, public_guides())


def audiences_of(staff: "Staff") -> tuple[Audience, ...]:
    """What this person reads: their own side first, then what patients read, to walk them through it."""
    own = Audience.IT if staff.hat == Hat.IT or staff.may(Permission.IT_DESK) else Audience.OFFICE
    also = (Audience.OFFICE,) if own == Audience.IT else ()
    return (own, *also, Audience.PATIENTS)


def may_write(staff: "Staff", audience: Audience) -> bool:
    return any(staff.may(permission) for permission in WRITERS[audience])


def fitting(staff: "Staff", *, category: str, text: str = "", limit: int = 3) -> list[Guide]:
    """What helps this person with a request; one query."""
    return rank(guides(*audiences_of(staff), practice_id=staff.practice_id), text, category=category, limit=limit)


def device_verdict(browser: str) -> str:
    """Of a browser as a ticket names it: "supported", "too old", "not tested", or "" (HD-18)."""
    return verdict(browser)


def article_for(category: Category, *, practice_id: int | None) -> Guide | None:
    """The article to offer a patient with a request of this kind."""
    mine = guides(Audience.PATIENTS, practice_id=practice_id)
    return next((one for one in mine if category in one.categories), None)


def _named(slug: str, rows: list[Guide]) -> Guide:
    found = next((one for one in rows if one.slug == slug), None)
    if found is None:
        raise NotFound
    return found


def on_topic(topic: str, topics: dict[str, tuple[str, str]], rows: list[Guide]) -> tuple[Guide | None, str]:
    """The article for a task among those somebody may read, and the id of the heading to begin at. A practice's own
    text may lack the heading, or the practice may have put the article away. Raises NotFound for an unknown task."""
    if topic not in topics:
        raise NotFound
    slug, heading = topics[topic]
    found = next((one for one in rows if one.slug == slug), None)
    anchor = anchor_of(heading) if heading and found is not None else ""
    return found, anchor if anchor and found is not None and f'id="{anchor}"' in found.html() else ""


# --- for those who write them -----------------------------------------------------------------------------------------
def versions(article: Article) -> list[ArticleVersion]:
    """Newest first."""
    return list(article.versions.order_by("-number"))


def own_article(staff: "Staff", slug: str) -> Article | None:
    """The practice's article of this short name, retired or not."""
    return Article.objects.filter(practice_id=staff.practice_id, slug=slug).first()


def feedback_counts(practice_id: int) -> dict[str, tuple[int, int]]:
    """Short name → (helped, did not), over everything readers of this practice said."""
    rows = ArticleFeedback.objects.filter(practice_id=practice_id).values("slug")
    counted = rows.annotate(yes=Count("pk", filter=Q(helped=True)), no=Count("pk", filter=Q(helped=False)))
    return {row["slug"]: (row["yes"], row["no"]) for row in counted}


def comments(practice_id: int, slug: str, *, limit: int = 20) -> list[ArticleFeedback]:
    """What readers wrote, newest first."""
    rows = ArticleFeedback.objects.filter(practice_id=practice_id, slug=slug).exclude(comment="")
    return list(rows.order_by("-at", "-id")[:limit])
