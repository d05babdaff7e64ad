/* device_audit - what an owner did with a device, in his log. */
#include "auth/devices/internal.h"
#include "auth/devices/rights.h"
#include "auth/common/audit.h"
#include "auth/common/users.h"
#include "service/log.h"

void device_audit(
	struct web_request *q, const struct devices *d, const char *event, const struct uuid *device, const char *name)
{
	struct audit_details details = audit_details_of(q);

	details.device = device;
	details.name = name;
	audit_write(d->store, &web_claims(q)->subject, event, &details);
}

/* As in the events of a share: of another person his address at Pettrack, and not where he is. */
void device_audit_change(struct web_request *q, const struct devices *d, const struct permission *p, const char *name,
	const char *changed)
{
	struct audit_details details = { 0 };
	struct user other;
	int r;

	if (p->rights == RIGHTS_OWNER)
		details = audit_details_of(q);
	else if ((r = users_get(d->store, &web_claims(q)->subject, &other)) == 0)
		details.who = other.email;
	else
		log_debug(
			"event without the other's address", LOG_S("event", AUDIT_DEVICE_CHANGED), LOG_I("result", r));
	details.device = &p->device;
	details.name = name;
	details.changed = changed;
	audit_write(d->store, &p->owner, AUDIT_DEVICE_CHANGED, &details);
}
