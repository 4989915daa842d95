from django.urls import path

from helpdesk.views import contact, help, ticket

app_name = "helpdesk"
urlpatterns = [
    path("help/", help.index, name="help"),
    path("help/contact/", contact.contact, name="contact"),
    path("help/articles/<slug:slug>/", help.article, name="article"),
    path("help/tickets/<str:token>/", ticket.ticket, name="ticket"),
    path("help/tickets/<str:token>/reply/", ticket.reply, name="ticket-reply"),
    path("help/tickets/<str:token>/answer/", ticket.answer, name="ticket-answer"),
]
