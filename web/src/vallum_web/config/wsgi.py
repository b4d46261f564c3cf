"""What granian serves."""

import gc
import multiprocessing
import os
from pathlib import Path

from django.core.wsgi import get_wsgi_application

from vallum_web.config import tripwire
from vallum_web.embedded import home, quarantine
from vallum_web.embedded.deathwatch import die_with_parent

# A worker of granian: were granian killed, it would go on answering.
if multiprocessing.parent_process() is not None:
    die_with_parent()
# Every connection to others goes through the guard, libraries' included.
tripwire.arm()
quarantine.refuse(home.locate(os.environ, Path.cwd()))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "vallum_web.config.settings")
application = get_wsgi_application()

from vallum_web.tenancy.requestlog import buffer  # noqa: E402 - its table needs the configured Django of the line above

buffer.start()
# What is loaded stays: walking all of it for garbage would hold one page in hundreds up for a tenth of a second.
gc.collect()
gc.freeze()
