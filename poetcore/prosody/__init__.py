"""The forms of regulated verse."""

from poetcore.prosody.forms import FORMS, Form, form_named

__all__ = ["FORMS", "Form", "form_named"]
