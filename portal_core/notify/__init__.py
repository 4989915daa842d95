"""Telling people: `notify.send`, `notify.send_many`; very many: `notify.bulk`. See docs/architecture/notify.md.

Nothing here imports a model, so that any app may import this package before the apps are ready.
"""

from typing import TYPE_CHECKING

from portal_core.notify import hooks
from portal_core.notify.contracts import Reached, Recipient

if TYPE_CHECKING:
    from portal_core.notify.actions import bulk
    from portal_core.notify.actions.messages import send, send_many
    from portal_core.notify.delivery import deliver_due
else:

    def __getattr__(name: str):
        if name == "bulk":
            from portal_core.notify.actions import bulk

            return bulk
        if name in ("send", "send_many"):
            from portal_core.notify.actions import messages

            return getattr(messages, name)
        if name == "deliver_due":
            from portal_core.notify.delivery import deliver_due

            return deliver_due
        raise AttributeError(name)


__all__ = ["Reached", "Recipient", "bulk", "deliver_due", "hooks", "send", "send_many"]
