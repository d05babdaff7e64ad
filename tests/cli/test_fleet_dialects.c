/* Fleets of every dialect on real sockets, and what becomes of their positions. */
#include "cli/simulation/fleet.h"
#include "service/log.h"
#include "service/service.h"
#include "tests/cli/polyglot.h"
#include "tests/lib/unit.h"

#include <string.h>

enum { TRACKERS = 5, FIXES = 20, ALL = TRACKERS * FIXES };
/* For an answer: where some do not come, and where each that comes late on a loaded machine is one too many. */
enum { SHORT_MS = 300, LONG_MS = 1500, LONGEST_MS = 20000 };

static const int64_t begin_ms = 1767323045000;

static struct identity identities[TRACKERS];
static struct position fixes[TRACKERS][FIXES];
static struct track tracks[TRACKERS];
static struct fleet_member members[TRACKERS];
static bool there[TRACKERS][FIXES];

static void cast(const struct source_clock *clock)
{
	memset(there, 0, sizeof there);
	for (int i = 0; i < TRACKERS; i++) {
		snprintf(identities[i].identifier, sizeof identities[i].identifier, "35630704244101%d", i);
		strcpy(identities[i].secret, "s3cret");
		tracks[i] = (struct track){ .fixes = fixes[i], .n = FIXES };
		for (int k = 0; k < FIXES; k++)
			fixes[i][k] = (struct position){
				.time_ms = begin_ms + k * 1000,
				.lat_e7 = 501703000,
				.lon_e7 = -51138000,
				.has = POSITION_LOCATION,
			};
		members[i].identity = &identities[i];
		source_of_track(&members[i].source, clock, &tracks[i]);
	}
}

/* On the polyglot's thread, which has ended when it is looked at. */
static void taken(const char *identifier, const struct position *p)
{
	int64_t k = (p->time_ms - begin_ms) / 1000;

	ck_assert_uint_eq(strlen(identifier), 15);
	int i = identifier[14] - '0';
	ck_assert(i >= 0 && i < TRACKERS && k >= 0 && k < FIXES);
	there[i][k] = true;
}

static int64_t count_there(void)
{
	int64_t n = 0;

	for (int i = 0; i < TRACKERS; i++)
		for (int k = 0; k < FIXES; k++)
			n += there[i][k];
	return n;
}

static struct fleet_counts play(
	const struct dialect *d, struct polyglot_options o, int64_t timeout_ms, unsigned patience)
{
	static char name[] = "p", *argv[] = { name, NULL };
	static const struct setting none[] = { { 0 } };
	struct fleet_counts c = { 0 };
	struct polyglot *p;

	ck_assert_int_eq(service_start(&(struct service){ "p", "s", none }, 1, argv), 0);
	log_open("p", LEVEL_ERROR, true);
	o.protocol = protocol_find(d->protocol);
	o.taken = taken;
	ck_assert_int_eq(polyglot_open(&p, &o), 0);
	struct fleet_options f = {
		.host = "127.0.0.1",
		.port = polyglot_port(p),
		.dialect = d,
		.records = d->records_max < 4 ? d->records_max : 4,
		.clock = { .real_ms = begin_ms, .times = TIMES_KEPT },
		.timeout_ms = timeout_ms,
		.patience = patience,
		.quiet = true,
	};
	cast(&f.clock);
	ck_assert_int_eq(fleet_run(&f, members, TRACKERS, &c), 0);
	polyglot_close(p);
	ck_assert_int_eq(c.waiting, 0);
	return c;
}

START_TEST(everything_arrives)
{
	const struct dialect *d = dialects[_i];
	struct fleet_counts c = play(d, (struct polyglot_options){ 0 }, LONGEST_MS, 3);

	ck_assert_msg(count_there() == ALL, "%s: %d", d->name, (int)count_there());
	ck_assert_msg(c.sent == ALL && c.acked == (d->silent ? 0 : ALL), "%s: %d sent, %d acknowledged", d->name,
		(int)c.sent, (int)c.acked);
	ck_assert_int_eq(c.connects, TRACKERS);
	ck_assert_int_eq(c.denied + c.refused + c.resent + c.abandoned, 0);
}
END_TEST

START_TEST(what_is_lost_is_sent_again)
{
	const struct dialect *d = dialects[_i];

	if (d->silent)
		return;
	struct fleet_counts c = play(d, (struct polyglot_options){ .lose = 23 }, SHORT_MS, 100);
	ck_assert_msg(count_there() == ALL, "%s: %d", d->name, (int)count_there());
	ck_assert_int_eq(c.acked, ALL);
	ck_assert_int_gt(c.connects, TRACKERS);
	ck_assert_int_eq(c.refused + c.abandoned, 0);
}
END_TEST

/* Where a refusal is silence, the play ends nevertheless. */
START_TEST(an_unknown_tracker_gives_up)
{
	const struct dialect *d = dialects[_i];

	if (!d->curt)
		return;
	struct fleet_counts c = play(d, (struct polyglot_options){ .refused = REASON_UNKNOWN_DEVICE }, SHORT_MS, 2);
	ck_assert_int_eq(count_there() + c.acked, 0);
	ck_assert_int_eq(c.abandoned, TRACKERS);
	ck_assert_int_eq(c.denied, 2 * TRACKERS);
}
END_TEST

/* A tracker that was known before does not: the gateway cannot go on for a while. */
START_TEST(a_known_tracker_does_not_give_up)
{
	static const char *const names[] = { "h02", "gps103" };
	const struct polyglot_options o = {
		.refused = REASON_UNAVAILABLE,
		.refused_from = 5 * TRACKERS,
		.refused_n = 3 * TRACKERS,
	};
	struct fleet_counts c = play(dialect_find(names[_i]), o, LONG_MS, 1);

	ck_assert_int_eq(count_there(), ALL);
	ck_assert_int_eq(c.acked, ALL);
	ck_assert_int_eq(c.denied + c.abandoned, 0);
	ck_assert_int_ge(c.connects, TRACKERS + 2);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("fleet_dialects");
	TCase *c = tcase_create("fleet_dialects");
	int n = 0;

	while (dialects[n] && !dialects[n]->broker)
		n++;
	tcase_set_timeout(c, 60);
	tcase_add_loop_test(c, everything_arrives, 0, n);
	tcase_add_loop_test(c, what_is_lost_is_sent_again, 0, n);
	tcase_add_loop_test(c, an_unknown_tracker_gives_up, 0, n);
	tcase_add_loop_test(c, a_known_tracker_does_not_give_up, 0, 2);
	suite_add_tcase(s, c);
	return s;
}

UNIT_MAIN(suite)
