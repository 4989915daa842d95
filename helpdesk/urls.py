from django.urls import path

from helpdesk.views import articles, contact, help, hours, library, ticket

app_name = "helpdesk"
urlpatterns = [
    path("help/", help.index, name="help"),
    path("help/contact/", contact.contact, name="contact"),
    path("help/articles/<slug:slug>/", help.article, name="article"),
    path("help/suggest/", help.suggest, name="suggest"),
    path("help/articles/<slug:slug>/feedback/", help.feedback, name="article-feedback"),
    path("desk/help/", library.index, name="library"),
    path("desk/help/suggest/", library.suggest, name="library-suggest"),
    path("desk/help/<slug:slug>/", library.article, name="library-article"),
    path("desk/help/<slug:slug>/feedback/", library.feedback, name="library-feedback"),
    path("desk/settings/articles/", articles.index, name="articles"),
    path("desk/settings/articles/new/", articles.new, name="article-new"),
    path("desk/settings/articles/<slug:slug>/", articles.edit, name="article-edit"),
    path("desk/settings/articles/<slug:slug>/shelf/", articles.shelf, name="article-shelf"),
    path("desk/settings/articles/<slug:slug>/<int:number>/", articles.version, name="article-version"),
    path("help/tickets/<str:token>/", ticket.ticket, name="ticket"),
    path("help/tickets/<str:token>/reply/", ticket.reply, name="ticket-reply"),
    path("help/tickets/<str:token>/answer/", ticket.answer, name="ticket-answer"),
    path("help/tickets/<str:token>/rate/", ticket.rate, name="ticket-rate"),
    path("desk/settings/hours/", hours.overview, name="hours"),
    path("desk/settings/hours/holidays/add/", hours.add_holiday, name="holiday-add"),
    path("desk/settings/hours/holidays/federal/", hours.add_federal, name="holidays-federal"),
    path("desk/settings/hours/holidays/remove/", hours.remove_holiday, name="holiday-remove"),
    path("desk/settings/hours/<str:place>/", hours.week, name="hours-week"),
]
