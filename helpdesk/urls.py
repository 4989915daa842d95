from django.urls import path

from helpdesk.views import contact, help, hours, ticket

app_name = "helpdesk"
urlpatterns = [
    path("help/", help.index, name="help"),
    path("help/contact/", contact.contact, name="contact"),
    path("help/articles/<slug:slug>/", help.article, name="article"),
    path("help/tickets/<str:token>/", ticket.ticket, name="ticket"),
    path("help/tickets/<str:token>/reply/", ticket.reply, name="ticket-reply"),
    path("help/tickets/<str:token>/answer/", ticket.answer, name="ticket-answer"),
    path("desk/settings/hours/", hours.overview, name="hours"),
    path("desk/settings/hours/holidays/add/", hours.add_holiday, name="holiday-add"),
    path("desk/settings/hours/holidays/federal/", hours.add_federal, name="holidays-federal"),
    path("desk/settings/hours/holidays/remove/", hours.remove_holiday, name="holiday-remove"),
    path("desk/settings/hours/<str:place>/", hours.week, name="hours-week"),
]
