"""`EXISTS` written out, for the few queries that ask a row for a dozen things at a time.

The ORM puts every subquery together anew each time it is used; ten of them took it longer than the database takes to
answer them. What is asked here is only ever equality of columns and constants, nothing that anybody typed.
"""

from django.apps import apps
from django.db.models import BooleanField
from django.db.models.expressions import RawSQL


def there_is(model: str, where: str, *, of: str) -> RawSQL:
    """Whether there is a row of `model` with `where`, a condition in SQL in which `own` is that row and `its` the row
    of the model `of` that the query is about: `there_is("helpdesk.PhoneCall", "own.ticket_id = its.id", of=…)`."""
    own, its = (apps.get_model(label)._meta.db_table for label in (model, of))
    condition = where.replace("its.", f'"{its}".')
    return RawSQL(f'EXISTS(SELECT 1 FROM "{own}" own WHERE {condition})', [], BooleanField())  # noqa: S608, S611
