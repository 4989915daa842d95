"""Portal access for programs, under `/api/v1/`: what the pages do, by the same doors, rules and actions.

A program shows a session or a token of somebody in an office, and may what they may. Whatever changes what an account
hangs on asks for a live identity check of the patient and for that person's own password, as on the page. What people
are searched by travels in the body of a request, never in an address.
"""
