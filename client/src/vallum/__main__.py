"""`python -m vallum`."""

import sys

from vallum.cli.main import main

sys.exit(main())
