/* check_fix - a fleet of one tracker with a track of one fix. */
#include "cli/check_fix.h"
#include "base/clock.h"
#include "cli/address.h"
#include "cli/simulation/fleet.h"

#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum {
	LAT_E7 = 501703000, /* Falmouth's harbour */
	LON_E7 = -51138000,
	SPREAD_E7 = 10000, /* a hundred metres */
	ANSWER_MS = 5000,
};

struct check_fix check_fix_now(void)
{
	int64_t now = clock_real_ms();
	struct check_fix f = { .position = {
				       .time_ms = now,
				       .lat_e7 = LAT_E7 + (int32_t)(now % SPREAD_E7),
				       .lon_e7 = LON_E7 + (int32_t)(now / 7 % SPREAD_E7),
				       .has = POSITION_LOCATION,
			       } };

	time_format(f.time, now);
	return f;
}

static bool is_degrees(const json_t *value, int32_t e7)
{
	return json_is_number(value) && lround(json_number_value(value) * 1e7) == e7;
}

bool check_fix_is(const struct check_fix *f, const json_t *position)
{
	const char *time = json_string_value(json_object_get(position, "time"));

	return time && !strcmp(time, f->time) && is_degrees(json_object_get(position, "lat"), f->position.lat_e7) &&
	       is_degrees(json_object_get(position, "lon"), f->position.lon_e7);
}

/* What a play that ended without an acknowledgement says about the gateway. */
static void explain(char reason[static CHECK_REASON_SIZE], const struct fleet_counts *c, const char *gateway)
{
	const char *what = "does not answer";

	if (c->connects == 0)
		what = "cannot be reached";
	else if (c->refused)
		what = "does not want the position";
	else if (c->denied)
		what = "does not know the device, or not its secret";
	else if (c->sent)
		what = "does not acknowledge the position: is Kafka there?";
	snprintf(reason, CHECK_REASON_SIZE, "%s %s", gateway, what);
}

bool check_fix_send(const struct check_fix *f, const char *gateway, const char *dialect, struct identity *i,
	int64_t timeout_ms, char reason[static CHECK_REASON_SIZE])
{
	char host[ADDRESS_HOST_SIZE];
	struct position fix = f->position;
	struct track track = { .fixes = &fix, .n = 1 };
	struct fleet_member member = { .identity = i };
	struct fleet_counts counts = { 0 };
	struct fleet_options o = {
		.host = host,
		.dialect = dialect_find(dialect),
		.records = 1,
		.clock = { .real_ms = fix.time_ms, .times = TIMES_KEPT },
		.duration_ms = timeout_ms,
		.grace_ms = 1,
		.timeout_ms = timeout_ms < ANSWER_MS ? timeout_ms : ANSWER_MS,
		.patience = UINT_MAX, /* a new device takes a moment to be known everywhere */
		.quiet = true,
	};

	if (address_read(host, &o.port, gateway)) {
		snprintf(reason, CHECK_REASON_SIZE, "'%s' is not HOST:PORT", gateway);
		return false;
	}
	source_of_track(&member.source, &o.clock, &track);
	int r = fleet_run(&o, &member, 1, &counts);
	if (r)
		snprintf(reason, CHECK_REASON_SIZE, "%s", strerror(-r));
	else if (counts.acked == 0)
		explain(reason, &counts, gateway);
	return r == 0 && counts.acked == 1;
}
