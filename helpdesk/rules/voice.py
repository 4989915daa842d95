"""What the phone line says, as TwiML made by the official SDK. Pure: facts in, a document out.

Every path says the emergency number first, and no path tells a patient to call IT (TR-02).
"""

from collections.abc import Sequence

from django.utils.translation import gettext as _
from twilio.twiml.voice_response import Dial, Gather, VoiceResponse

PER_PAGE = 8  # offices read out at once; 9 is "more", 0 "I do not know"
RING_SECONDS = 25
MESSAGE_SECONDS = 120  # the longest message that can also be written down
VOICES = {"en": "en-US", "es": "es-US"}
SPANISH = "Para español, oprima el nueve."  # said in Spanish to everybody, so it is not translated


class Speech:
    """One answer to the phone network, spoken in one language."""

    def __init__(self, language: str) -> None:
        self.language = language if language in VOICES else "en"
        self.document = VoiceResponse()

    def say(self, text: str, *, into: "VoiceResponse | Gather | None" = None, language: str = "") -> None:
        (into if into is not None else self.document).say(text, language=VOICES[language or self.language])

    def __str__(self) -> str:
        return str(self.document)


def menu(*, practice: str, patient_line: bool, action: str, language: str) -> str:
    """Who are you? 1 patient, 2 works at a practice, 9 Spanish; 3 a patient for whom the portal itself does not work,
    where the practice opened its support line to patients (C5, TR-07). Silence counts as a patient."""
    speech = Speech(language)
    gather = Gather(num_digits=1, timeout=6, action=action, method="POST", action_on_empty_result=True)
    speech.say(_("Thank you for calling %(practice)s.") % {"practice": practice}, into=gather)
    speech.say(_("If this is an emergency, hang up and dial 9 1 1."), into=gather)
    if speech.language != "es":
        speech.say(SPANISH, into=gather, language="es")
    speech.say(_("If you are a patient, or help one, press 1. If you work at a practice, press 2."), into=gather)
    if patient_line:
        speech.say(_("If you are a patient, and the website shows an error or does not open, press 3."), into=gather)
    speech.document.append(gather)
    return str(speech)


def offices(*, names: Sequence[str], more: bool, again: bool, action: str, language: str) -> str:
    """Which office? Up to PER_PAGE names, 9 for more, 0 when they do not know. `again`: the key pressed was none of
    these."""
    speech = Speech(language)
    gather = Gather(num_digits=1, timeout=6, action=action, method="POST", action_on_empty_result=True)
    if again:
        speech.say(_("That key stands for no office."), into=gather)
    speech.say(_("Which office do you go to?"), into=gather)
    for number, name in enumerate(names, start=1):
        speech.say(_("For %(office)s, press %(number)d.") % {"office": name, "number": number}, into=gather)
    if more:
        speech.say(_("For more offices, press 9."), into=gather)
    speech.say(_("If you do not know, press 0."), into=gather)
    speech.document.append(gather)
    return str(speech)


def ring(*, place: str, number: str, action: str, language: str) -> str:
    """Put the caller through to a desk."""
    speech = Speech(language)
    speech.say(_("One moment, please. We connect you to %(place)s.") % {"place": place})
    dial = Dial(timeout=RING_SECONDS, answer_on_bridge=True, action=action, method="POST")
    dial.number(number)
    speech.document.append(dial)
    return str(speech)


def take_message(
    *, place: str, opens: str, again: bool, recorded: str, recording: str, transcript: str, language: str
) -> str:
    """Why nobody answers (`opens`: when they are there again, empty while they are open), then the tone. `again`: it
    sounds once more, because nothing was heard after the first.

    `transcript` is where the written words go; empty: nothing is written down.
    """
    speech = Speech(language)
    if again:
        speech.say(
            _("We did not hear anything. Please speak after the tone, and press the pound key when you are done.")
        )
    elif opens:
        speech.say(_("%(place)s is closed right now. It opens %(when)s.") % {"place": place, "when": opens})
    else:
        speech.say(_("Nobody at %(place)s can take your call right now.") % {"place": place})
    if not again:
        speech.say(_("If this is an emergency, hang up and dial 9 1 1."))
        speech.say(
            _(
                "After the tone, tell us your name, the number to call you back on, and what does not work. "
                "Leave out medical details and passwords. When you are done, press the pound key."
            )
        )
    how = {"transcribe": True, "transcribe_callback": transcript} if transcript else {}
    speech.document.record(
        max_length=MESSAGE_SECONDS, timeout=6, finish_on_key="#", play_beep=True, action=recorded, method="POST",
        recording_status_callback=recording, recording_status_callback_method="POST", **how,
    )  # fmt: skip
    # Reached only when nothing was said.
    _nothing_heard(speech)
    return str(speech)


def nothing_heard(*, language: str) -> str:
    """No message after the second tone either."""
    speech = Speech(language)
    _nothing_heard(speech)
    return str(speech)


def _nothing_heard(speech: Speech) -> None:
    speech.say(_("We did not hear anything. Please call again, or write to us on our website. Goodbye."))
    speech.document.hangup()


def thanks(*, language: str) -> str:
    speech = Speech(language)
    speech.say(_("Thank you. We have your message and call you back. Goodbye."))
    speech.document.hangup()
    return str(speech)


def goodbye(*, language: str) -> str:
    speech = Speech(language)
    speech.document.hangup()
    return str(speech)


def no_such_line() -> str:
    """A number of ours that no practice uses."""
    speech = Speech("en")
    speech.say(_("This number is not in use. Please look on our website for the number of your office."))
    speech.document.hangup()
    return str(speech)
