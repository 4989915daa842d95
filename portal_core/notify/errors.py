from django.utils.translation import gettext_lazy as _

from portal_core.kernel.errors import Invalid


class BadAddress(Invalid):
    code = "bad_address"
    message = _("This is not an address we can send to.")


class BadHeader(Invalid):
    code = "bad_header"
    message = _("A message header is one line of printable text.")


class BadSubject(Invalid):
    code = "bad_subject"
    message = _("The subject of a message is one line of at most 250 characters.")
