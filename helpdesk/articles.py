"""The troubleshooting articles (HD-04): what there is, and which one fits which kind of request."""

from dataclasses import dataclass

from helpdesk.enums import Category


@dataclass(frozen=True, slots=True)
class Article:
    """Its text is the template `helpdesk/articles/<slug>.html`."""

    slug: str
    title: str
    summary: str
    icon: str
    categories: frozenset[Category] = frozenset()


ARTICLES = (
    Article(
        "cannot-log-in",
        "I cannot sign in",
        "Forgotten password or user name, locked out, or your account could not be verified.",
        "lock",
        frozenset({Category.LOGIN_PWD, Category.LOGIN_UID, Category.LOCKED, Category.NOT_SETUP, Category.REG_PIN}),
    ),
    Article(
        "connection-issues",
        "Pages do not load, or the video breaks off",
        "Check your internet, then the status page, then these tips.",
        "activity",
        frozenset({Category.SITE_DOWN, Category.SLOW, Category.TH_JOIN, Category.ERROR_MSG}),
    ),
    Article(
        "camera-and-microphone",
        "Camera or microphone does not work",
        "Nothing found, wrong device, or nobody can hear you.",
        "video",
        frozenset({Category.TH_AV}),
    ),
    Article(
        "browser-permissions",
        "Allow camera and microphone in your browser",
        "Where the setting is in Chrome, Edge, Firefox and Safari.",
        "settings",
    ),
    Article(
        "attachments",
        "Find and open an attachment",
        "Documents your office sent you: where they are and what opens them.",
        "document",
        frozenset({Category.ATTACH_OPEN, Category.ATTACH_MISSING}),
    ),
    Article(
        "supported-browsers",
        "Which browsers and devices work",
        "Windows, Mac, phones and tablets we test with.",
        "help",
        frozenset({Category.BROWSER}),
    ),
)
BY_SLUG = {article.slug: article for article in ARTICLES}


def article_for(category: Category) -> Article | None:
    """The article to offer with a request of this kind."""
    return next((article for article in ARTICLES if category in article.categories), None)
