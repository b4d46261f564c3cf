"""When an organization is being deleted, what it is subscribed to renews no more; when it is gone, its providers forget it."""

from vallum_web.billing.services import leaving
from vallum_web.tenancy.erasing import Part, Whose, takes_part

takes_part(Part(name="billing", whose=Whose.ORG, stop=leaving.stop, gather=leaving.gather, erase=leaving.erase))
