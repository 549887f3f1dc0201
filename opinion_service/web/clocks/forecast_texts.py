"""Words of the forecast that reach the page through a variable, marked so that extraction finds them.

The same purpose as `label_texts.TEXTS`; nothing imports this but the test that keeps the list complete.
"""

from flask_babel import lazy_gettext as _

FORECAST_TEXTS = (_("较轻"), _("平常"), _("较重"))
