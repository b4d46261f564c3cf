"""The one version of the API that is spoken here: that of the library in the lock."""

from typing import Final

import stripe

VERSION: Final = stripe.api_version
