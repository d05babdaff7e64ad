/* patience - sleeping so that a signal ends it. */
#include "cli/patience.h"
#include "base/clock.h"
#include "service/service.h"

#include <poll.h>

enum { PAUSE_MS = 50, PAUSE_MAX_MS = 1000 };

struct patience patience_of(int64_t timeout_ms)
{
	return (struct patience){ .ends_ms = clock_mono_ms() + timeout_ms, .pause_ms = PAUSE_MS };
}

bool patience_left(struct patience *p)
{
	int64_t left = p->ends_ms - clock_mono_ms();
	int64_t pause = p->pause_ms < left ? p->pause_ms : left;
	struct pollfd stop = { .fd = service_stop_fd(), .events = POLLIN }; /* -1 is passed over */

	if (left <= 0 || service_stopping())
		return false;
	poll(&stop, 1, (int)pause);
	p->pause_ms = 2 * p->pause_ms < PAUSE_MAX_MS ? 2 * p->pause_ms : PAUSE_MAX_MS;
	return !service_stopping();
}
