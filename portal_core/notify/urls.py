from django.urls import path

from portal_core.notify.views import hooks, mailbox

app_name = "notify"
urlpatterns = [
    path("mailbox/", mailbox.mailbox, name="mailbox"),
    path("mailbox/<str:public_id>/", mailbox.letter, name="mailbox-letter"),
    path("mailbox/<str:public_id>/html/", mailbox.letter_html, name="mailbox-letter-html"),
    path("hooks/twilio/status/", hooks.twilio_status, name="twilio-status"),
    path("hooks/email/<slug:provider>/", hooks.mail_reports, name="mail-reports"),
]
