/* clock - the two clocks of the kernel that the project uses. */
#include "base/clock.h"

#include <time.h>

int64_t clock_real_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

int64_t clock_mono_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

int64_t clock_mono_ms(void)
{
	return clock_mono_ns() / 1000000;
}

void clock_rest(int ms, const atomic_bool *stop)
{
	enum { STEP_MS = 50 };

	for (; ms > 0 && !atomic_load(stop); ms -= STEP_MS)
		nanosleep(&(struct timespec){ .tv_nsec = STEP_MS * 1000000L }, NULL);
}
