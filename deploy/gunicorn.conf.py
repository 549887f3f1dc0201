"""How the web is served: threads for slow clients, no control socket, a quiet log."""

import os

bind = f"{os.environ.get('HOST', '127.0.0.1')}:{os.environ.get('PORT', '8000')}"
workers = int(os.environ.get("WEB_WORKERS", "2"))
worker_class = "gthread"
threads = 4
timeout = 30
graceful_timeout = 20
# On by default, it would let anything running as the same user shut the desk down.
control_socket_disable = True
accesslog = None
errorlog = "-"
loglevel = "warning"
