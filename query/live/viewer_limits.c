/* viewer_limits - clients that came by a link: what they are shown, and when that ends */
#include "base/clock.h"
#include "query/live/hub_internal.h"

bool viewer_limit(struct viewer *v, const struct limits *l)
{
	const bool before = v->watches_n > 0 || v->follows_all;

	if (limits_ended(l, clock_real_ms())) {
		viewer_close(v, 4401, "expired", "the link has ended");
		return false;
	}
	if (before && !limits_same(&v->limits, l)) { /* what waits to be sent was chosen by the old ones */
		viewer_close(v, 1012, "limits", "what the link shows has changed");
		return false;
	}
	v->limits = *l;
	return true;
}

bool viewer_may_watch(struct viewer *v)
{
	if (!v->limits.limited || v->limits.live)
		return true;
	viewer_note_error(v, "not_live", "This link shows what was, not what is.", NULL);
	return false;
}

void viewer_limit_past(const struct viewer *v, struct past *p)
{
	size_t n = 0;

	for (size_t i = 0; i < p->n; i++)
		if (viewer_shows(v, p->updates[i], false))
			p->updates[n++] = p->updates[i];
		else
			update_unref(p->updates[i]);
	p->n = n;
}
