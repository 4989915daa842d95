from statuspage.forms.operators import DeclareForm, StateForm, UpdateForm
from statuspage.forms.subscribers import ChoiceForm, SubscribeForm

__all__ = ["ChoiceForm", "DeclareForm", "StateForm", "SubscribeForm", "UpdateForm"]
