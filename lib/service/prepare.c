/* prepare - tries, waits, tries again; and says so, but not every time. */
#include "service/prepare.h"
#include "service/log.h"
#include "base/clock.h"

#include <poll.h>
#include <string.h>

enum { PAUSE_MS = 1000, REMINDER_MS = 30000 };

/* One step under way. */
struct attempt {
	const struct prepare_step *step;
	int64_t began_ms, deadline_ms;
	int64_t told_ms; /* when its failing was last said; 0: not yet */
};

static int give_up(const struct attempt *a, const char *event, const char *why)
{
	log_error(event, LOG_S("what", a->step->name), LOG_S("why", why),
		LOG_I("seconds", (clock_mono_ms() - a->began_ms) / 1000));
	return SERVICE_E_FAILED;
}

static void tell_waiting(struct attempt *a, const char *why)
{
	int64_t now_ms = clock_mono_ms();

	if (a->told_ms && now_ms - a->told_ms < REMINDER_MS)
		return;
	a->told_ms = now_ms;
	log_warn("not prepared yet", LOG_S("what", a->step->name), LOG_S("why", why),
		LOG_I("secondsLeft", (a->deadline_ms - now_ms) / 1000));
}

/* Until it is time to try again, or the end was asked for. */
static void rest(const struct attempt *a)
{
	struct pollfd end = { .fd = service_stop_fd(), .events = POLLIN };
	int64_t left_ms = a->deadline_ms - clock_mono_ms();

	(void)poll(&end, 1, (int)(left_ms < 0 ? 0 : left_ms < PAUSE_MS ? left_ms : PAUSE_MS));
}

static int insist(struct attempt *a)
{
	for (;;) {
		const char *why = "";
		int r = a->step->make(a->step->owner, &why);
		if (r == 0)
			return 0;
		if (r < 0)
			return give_up(a, "cannot prepare", why);
		if (clock_mono_ms() >= a->deadline_ms)
			return give_up(a, "not prepared in time", why);
		tell_waiting(a, why);
		rest(a);
		if (service_stopping())
			return give_up(a, "not prepared: stopped", why);
	}
}

int prepare_run(const struct prepare *p, const struct prepare_step *steps)
{
	int64_t began_ms = clock_mono_ms();
	int r = 0;

	for (const struct prepare_step *s = steps; r == 0 && s->name; s++) {
		struct attempt a = { .step = s, .began_ms = began_ms, .deadline_ms = began_ms + p->timeout_ms };
		r = insist(&a);
		if (r == 0)
			log_info("prepared", LOG_S("what", s->name));
	}
	return r;
}

void prepare_made(const char *kind, const char *name)
{
	log_info("made", LOG_S("kind", kind), LOG_S("name", name));
}
