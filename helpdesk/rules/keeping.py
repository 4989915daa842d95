"""How long originals are kept, in days. What people wrote, their files and what staff noted stay on the ticket; these
are the second copies: an e-mail byte for byte, and the sound of a message."""

MAIL_DAYS = 180
RECORDING_DAYS = 90
SHORTEST, LONGEST = 7, 3650
