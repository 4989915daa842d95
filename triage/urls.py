from django.urls import path

from triage.views import calls, incidents, it, office, pins, reference, search

app_name = "triage"
TICKET = "triage/office/tickets/<str:public_id>/"
FLAG = "triage/it/flags/<str:public_id>/"

urlpatterns = [
    path("triage/office/", office.desk, name="office"),
    path("triage/office/calls/new/", calls.new, name="call"),
    path(TICKET, office.ticket, name="office-ticket"),
    path(f"{TICKET}call/", calls.about_ticket, name="ticket-call"),
    path(f"{TICKET}take/", office.take, name="take"),
    path(f"{TICKET}reply/", office.reply, name="reply"),
    path(f"{TICKET}note/", office.note, name="note"),
    path(f"{TICKET}category/", office.categorise, name="categorise"),
    path(f"{TICKET}search/", office.search, name="search"),
    path(f"{TICKET}match/", office.match, name="match"),
    path(f"{TICKET}solve/", office.solve, name="solve"),
    path(f"{TICKET}step/", office.step, name="step"),
    path(f"{TICKET}incident/", office.link_incident, name="link-incident"),
    path(f"{TICKET}verify/", office.verify_begin, name="verify-begin"),
    path(f"{TICKET}verify/<str:attempt_id>/method/", office.verify_method, name="verify-method"),
    path(f"{TICKET}verify/<str:attempt_id>/red-flag/", office.verify_red_flag, name="verify-red-flag"),
    path(f"{TICKET}verify/<str:attempt_id>/complete/", office.verify_complete, name="verify-complete"),
    path(f"{TICKET}verify/<str:attempt_id>/fail/", office.verify_fail, name="verify-fail"),
    path(f"{TICKET}verify/<str:attempt_id>/stop/", office.verify_stop, name="verify-stop"),
    path(f"{TICKET}attestation/<str:attestation_id>/approve/", office.approve, name="approve"),
    path(f"{TICKET}attestation/<str:attestation_id>/link/", office.send_link, name="send-link"),
    path(f"{TICKET}attestation/<str:attestation_id>/pin/", pins.issue_pin, name="issue-pin"),
    path(f"{TICKET}hold/release/", office.release_hold, name="release-hold"),
    path(f"{TICKET}flag/", office.relay, name="relay"),
    path(f"{TICKET}flag/<str:flag_id>/confirm/", office.confirm, name="confirm"),
    path(f"{TICKET}flag/<str:flag_id>/to-it/", office.to_it, name="to-it"),
    path("triage/it/", it.console, name="it"),
    path("triage/it/hand-over/", it.hand_over, name="hand-over"),
    path(FLAG, it.flag, name="it-flag"),
    path(f"{FLAG}call/", calls.about_flag, name="flag-call"),
    path(f"{FLAG}accept/", it.accept, name="accept"),
    path(f"{FLAG}decline/", it.decline, name="decline"),
    path(f"{FLAG}ask/", it.ask, name="ask"),
    path(f"{FLAG}answer/", it.answer, name="answer"),
    path(f"{FLAG}link/", it.link, name="link"),
    path("triage/it/tickets/<str:public_id>/", it.provider_ticket, name="it-ticket"),
    path("triage/it/incidents/new/", incidents.new, name="incident-new"),
    path("triage/it/incidents/<str:incident_id>/", incidents.detail, name="it-incident"),
    path("triage/it/incidents/<str:incident_id>/update/", incidents.update, name="incident-update"),
    path("triage/it/incidents/<str:incident_id>/resolve/", incidents.resolve, name="incident-resolve"),
    path("triage/search/", search.find, name="find"),
    path("triage/reference/", reference.sheet, name="reference"),
]
