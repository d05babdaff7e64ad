/* schedule - pure; the clock and the keys come from the caller. */
#include "auth/common/schedule.h"

enum { MARGIN_MS = 3600 * 1000 }; /* for clocks that differ, and replicas that look late */

struct schedule schedule_keys(
	const struct key_times *keys, size_t n, int64_t now_ms, int64_t key_age_ms, int64_t token_age_ms)
{
	struct schedule s = { 0 };

	if (n == 0)
		return (struct schedule){ .make = true, .made = { 1, now_ms } };
	for (size_t i = 0; i < n; i++)
		if (keys[i].active_ms <= now_ms)
			s.current = i;
	while (s.first_kept < s.current && keys[s.first_kept + 1].active_ms + token_age_ms + MARGIN_MS < now_ms)
		s.first_kept++;
	if (s.current + 1 == n) {
		const struct key_times *last = &keys[n - 1];
		s.make = true;
		s.made.number = last->number + 1;
		s.made.active_ms = (last->active_ms > now_ms ? last->active_ms : now_ms) + key_age_ms;
	}
	return s;
}

int64_t schedule_hasten(const struct key_times *next, int64_t now_ms, int64_t publish_ms)
{
	int64_t shown_ms = next->made_ms + publish_ms, earliest_ms = shown_ms > now_ms ? shown_ms : now_ms;

	return earliest_ms < next->active_ms ? earliest_ms : next->active_ms;
}
