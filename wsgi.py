"""What gunicorn and the flask command load."""

import sys

from opinion_service.app import create_app
from opinion_service.config import BadSetting

try:
    app = create_app()
except BadSetting as problem:
    sys.exit(f"Cannot start: {problem}")
