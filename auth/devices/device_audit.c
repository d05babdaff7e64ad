/* device_audit - what an owner did with a device, in his log. */
#include "auth/devices/internal.h"
#include "auth/common/audit.h"

void device_audit(
	struct web_request *q, const struct devices *d, const char *event, const struct uuid *device, const char *name)
{
	struct audit_details details = audit_details_of(q);

	details.device = device;
	details.name = name;
	audit_write(d->store, &web_claims(q)->subject, event, &details);
}
