#include "cli/simulation/fleet.h"
#include "service/log.h"
#include "service/service.h"
#include "tests/cli/gateway.h"
#include "tests/lib/failing_alloc.h"
#include "tests/lib/unit.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#define LENGTH(a) ((int)(sizeof(a) / sizeof *(a)))

enum { TRACKERS = 7, FIXES = 40, ALL = TRACKERS * FIXES };
/* For an answer: on a loaded machine, and where some do not come. */
enum { PATIENCE_MS = 20000, MUTE_MS = 300 };

static struct identity identities[TRACKERS];
static struct position fixes[TRACKERS][FIXES];
static struct track tracks[TRACKERS];
static struct fleet_member members[TRACKERS];

static void start_service(void)
{
	static const struct setting none[] = { { 0 } };
	char name[] = "p", *argv[] = { name, NULL };

	ck_assert_int_eq(service_start(&(struct service){ "p", "s", none }, 1, argv), 0);
	log_open("p", LEVEL_ERROR, true);
}

static struct fleet_options options(const struct gateway *g, const char *dialect)
{
	return (struct fleet_options){
		.host = "127.0.0.1",
		.port = gateway_port(g),
		.dialect = dialect_find(dialect),
		.records = 1,
		.clock = { .real_ms = 1767323045000, .times = TIMES_KEPT },
		.timeout_ms = PATIENCE_MS,
		.patience = 3,
	};
}

static void cast(const struct source_clock *clock)
{
	for (int i = 0; i < TRACKERS; i++) {
		snprintf(identities[i].identifier, sizeof identities[i].identifier, "%015d", i);
		tracks[i] = (struct track){ .fixes = fixes[i], .n = FIXES };
		for (int k = 0; k < FIXES; k++)
			fixes[i][k] = (struct position){
				.time_ms = 1767323045000 + k * 1000,
				.lat_e7 = i,
				.lon_e7 = k,
				.has = POSITION_LOCATION,
			};
		members[i].identity = &identities[i];
		source_of_track(&members[i].source, clock, &tracks[i]);
	}
}

/* The acknowledged positions in the log, each once. */
static size_t check_log(FILE *f)
{
	static bool there[TRACKERS][FIXES];
	char line[256];
	int identifier;
	long long time;
	double lat, lon;
	size_t n = 0;

	rewind(f);
	for (; fgets(line, sizeof line, f); n++) {
		ck_assert_int_eq(sscanf(line, "{\"identifier\":\"%d\",\"time\":%lld,\"lat\":%lf,\"lon\":%lf}",
					 &identifier, &time, &lat, &lon),
			4);
		int k = (int)((time - 1767323045000) / 1000);
		ck_assert(identifier < TRACKERS && k >= 0 && k < FIXES);
		ck_assert(!there[identifier][k]);
		there[identifier][k] = true;
		ck_assert_double_eq_tol(lat * 1e7, identifier, 1e-6);
		ck_assert_double_eq_tol(lon * 1e7, k, 1e-6);
	}
	return n;
}

/* Whatever fails on the way, every position is acknowledged in the end, and in the log once. */
static const struct {
	const char *dialect;
	size_t records;
	struct gateway_options gateway;
} runs[] = {
	{ "osmand", 1, { 0 } },
	{ "osmand", 1, { .cut_before = 25 } },
	{ "osmand", 1, { .cut_after = 25 } },
	{ "osmand", 1, { .busy = 25 } },
	{ "osmand", 1, { .mute = 80 } },
	{ "osmand", 1, { .garbage = 80 } },
	{ "osmand", 1, { .close = 3 } },
	{ "teltonika-8", 1, { .teltonika = true } },
	{ "teltonika-8", 6, { .teltonika = true } },
	{ "teltonika-8e", 6, { .teltonika = true, .cut_before = 7 } },
	{ "teltonika-8e", 6, { .teltonika = true, .cut_after = 7 } },
	{ "teltonika-8", 6, { .teltonika = true, .busy = 7 } },
	{ "teltonika-8", 6, { .teltonika = true, .partly = 3 } },
	{ "teltonika-8", 6, { .teltonika = true, .mute = 7 } },
	{ "teltonika-8", 6, { .teltonika = true, .garbage = 7 } },
};

START_TEST(everything_is_acknowledged)
{
	struct fleet_counts c = { 0 };
	struct gateway *g;
	FILE *log = tmpfile();

	start_service();
	ck_assert_int_eq(gateway_open(&g, &runs[_i].gateway), 0);
	struct fleet_options o = options(g, runs[_i].dialect);
	o.records = runs[_i].records;
	if (runs[_i].gateway.mute)
		o.timeout_ms = MUTE_MS;
	o.ack_log = log;
	cast(&o.clock);
	ck_assert_int_eq(fleet_run(&o, members, TRACKERS, &c), 0);
	struct gateway_counts taken = gateway_close(g);

	ck_assert_int_eq(c.acked, ALL);
	ck_assert_uint_eq(check_log(log), ALL);
	ck_assert_int_eq(c.waiting, 0);
	ck_assert_int_eq(c.refused, 0);
	ck_assert_int_ge(taken.taken, ALL);
	ck_assert_int_le(taken.taken, c.sent);
	if (runs[_i].records == 1 && runs[_i].gateway.partly == 0)
		ck_assert_int_eq(taken.distinct, ALL);
	if (_i == 0 || _i == 7 || _i == 8) { /* without faults nothing is done twice */
		ck_assert_int_eq(c.sent, ALL);
		ck_assert_int_eq(taken.connections, TRACKERS);
		ck_assert_int_eq(c.resent, 0);
	}
	fclose(log);
}
END_TEST

START_TEST(a_denied_tracker_gives_up)
{
	struct fleet_counts c = { 0 };
	struct gateway *g;

	start_service();
	ck_assert_int_eq(gateway_open(&g, &(struct gateway_options){ .teltonika = true, .refuse_login = true }), 0);
	struct fleet_options o = options(g, "teltonika-8");
	cast(&o.clock);
	ck_assert_int_eq(fleet_run(&o, members, 2, &c), 0);
	struct gateway_counts taken = gateway_close(g);
	ck_assert_int_eq(c.acked, 0);
	ck_assert_int_eq(c.denied, 6);
	ck_assert_int_eq(c.abandoned, 2);
	ck_assert_int_eq(taken.logins, 6);
}
END_TEST

static struct {
	enum fleet_renewal answers[4]; /* one after the other */
	int asked;
} renewals;

static enum fleet_renewal renew(void *owner, struct identity *i)
{
	enum fleet_renewal answer = renewals.answers[renewals.asked++];

	ck_assert_ptr_eq(owner, &renewals);
	ck_assert_ptr_eq(i, &identities[0]);
	if (answer == FLEET_RENEWED)
		strcpy(i->secret, renewals.asked == 1 ? "wrong as well" : "right");
	return answer;
}

/* Denied three times in a row it asks for a secret; while there is none to be had, after each further time. */
START_TEST(a_denied_tracker_is_renewed)
{
	struct fleet_counts c = { 0 };
	struct gateway *g;
	FILE *log = tmpfile();

	start_service();
	renewals.answers[0] = FLEET_RENEWED;
	renewals.answers[1] = FLEET_RENEW_LATER;
	renewals.answers[2] = _i ? FLEET_NOT_RENEWED : FLEET_RENEWED;
	ck_assert_int_eq(gateway_open(&g, &(struct gateway_options){ .secret = "right" }), 0);
	struct fleet_options o = options(g, "osmand");
	o.ack_log = log;
	o.renew = renew;
	o.owner = &renewals;
	cast(&o.clock);
	strcpy(identities[0].secret, "wrong");
	ck_assert_int_eq(fleet_run(&o, members, 1, &c), 0);
	struct gateway_counts taken = gateway_close(g);
	ck_assert_int_eq(renewals.asked, 3);
	ck_assert_int_eq(c.denied, 3 + 3 + 1);
	ck_assert_int_eq(c.renewed, _i ? 1 : 2);
	ck_assert_int_eq(c.abandoned, _i ? 1 : 0);
	ck_assert_int_eq(c.acked, _i ? 0 : FIXES);
	ck_assert_int_eq(taken.taken, c.acked);
	ck_assert_uint_eq(check_log(log), (size_t)c.acked);
	fclose(log);
}
END_TEST

START_TEST(a_refused_position_is_not_sent_again)
{
	struct fleet_counts c = { 0 };
	struct gateway *g;

	start_service();
	ck_assert_int_eq(gateway_open(&g, &(struct gateway_options){ .refuse_frames = true }), 0);
	struct fleet_options o = options(g, "osmand");
	cast(&o.clock);
	ck_assert_int_eq(fleet_run(&o, members, TRACKERS, &c), 0);
	gateway_close(g);
	ck_assert_int_eq(c.acked, 0);
	ck_assert_int_eq(c.refused, ALL);
	ck_assert_int_eq(c.sent, ALL);
	ck_assert_int_eq(c.waiting, 0);
}
END_TEST

START_TEST(a_count_is_kept)
{
	struct fleet_counts c = { 0 };
	struct gateway *g;

	start_service();
	ck_assert_int_eq(gateway_open(&g, &(struct gateway_options){ .teltonika = true }), 0);
	struct fleet_options o = options(g, "teltonika-8");
	o.records = 6;
	o.count = 100;
	cast(&o.clock);
	ck_assert_int_eq(fleet_run(&o, members, TRACKERS, &c), 0);
	gateway_close(g);
	ck_assert_int_eq(c.acked, 100);
}
END_TEST

START_TEST(a_rate_is_kept)
{
	struct fleet_counts c = { 0 };
	struct gateway *g;

	start_service();
	ck_assert_int_eq(gateway_open(&g, &(struct gateway_options){ 0 }), 0);
	struct fleet_options o = options(g, "osmand");
	o.rate = 100;
	o.duration_ms = 1500;
	cast(&o.clock);
	ck_assert_int_eq(fleet_run(&o, members, TRACKERS, &c), 0);
	gateway_close(g);
	ck_assert_int_ge(c.acked, 100);
	ck_assert_int_le(c.acked, 165); /* a tenth of a second's worth may come at once */
}
END_TEST

/* The track takes 39 s; 50 times faster 0.8. */
START_TEST(a_pace_is_kept)
{
	struct fleet_counts c = { 0 };
	struct gateway *g;

	start_service();
	ck_assert_int_eq(gateway_open(&g, &(struct gateway_options){ 0 }), 0);
	struct fleet_options o = options(g, "osmand");
	o.clock.speed_up = 50;
	o.duration_ms = 400;
	cast(&o.clock);
	ck_assert_int_eq(fleet_run(&o, members, TRACKERS, &c), 0);
	gateway_close(g);
	ck_assert_int_ge(c.acked, TRACKERS * 10);
	ck_assert_int_le(c.acked, TRACKERS * 23);
}
END_TEST

static void *interrupt(void *arg)
{
	(void)arg;
	usleep(300000);
	kill(getpid(), SIGINT);
	return NULL;
}

START_TEST(a_signal_ends_it_in_good_order)
{
	struct fleet_counts c = { 0 };
	struct gateway *g;
	pthread_t thread;

	start_service();
	ck_assert_int_eq(gateway_open(&g, &(struct gateway_options){ 0 }), 0);
	struct fleet_options o = options(g, "osmand");
	o.clock.speed_up = 1;
	cast(&o.clock);
	ck_assert_int_eq(pthread_create(&thread, NULL, interrupt, NULL), 0);
	ck_assert_int_eq(fleet_run(&o, members, TRACKERS, &c), 0);
	pthread_join(thread, NULL);
	struct gateway_counts taken = gateway_close(g);
	ck_assert_int_eq(c.acked, TRACKERS); /* the first of each was due at once */
	ck_assert_int_eq(taken.taken, c.acked);
	ck_assert_int_eq(c.waiting, 0);
}
END_TEST

START_TEST(nobody_there)
{
	struct fleet_counts c = { 0 };
	struct gateway *g;

	start_service();
	ck_assert_int_eq(gateway_open(&g, &(struct gateway_options){ 0 }), 0);
	struct fleet_options o = options(g, "osmand");
	gateway_close(g); /* the port was free a moment ago */
	o.duration_ms = 1; /* and then ten seconds for what is under way: a signal is faster */
	cast(&o.clock);
	pthread_t thread;
	ck_assert_int_eq(pthread_create(&thread, NULL, interrupt, NULL), 0);
	ck_assert_int_eq(fleet_run(&o, members, TRACKERS, &c), 0);
	pthread_join(thread, NULL);
	ck_assert_int_eq(c.acked + c.connects, 0);
}
END_TEST

START_TEST(without_memory)
{
	struct fleet_counts c = { 0 };
	struct gateway *g;

	start_service();
	ck_assert_int_eq(gateway_open(&g, &(struct gateway_options){ 0 }), 0);
	for (size_t n = 1; n <= 6; n++) { /* those of the start */
		struct fleet_options o = options(g, "osmand");
		o.duration_ms = 1;
		cast(&o.clock);
		failing_alloc_at(n);
		int r = fleet_run(&o, members, TRACKERS, &c);
		ck_assert(failing_alloc_happened());
		ck_assert_int_eq(r, -ENOMEM);
	}
	gateway_close(g);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("fleet");
	TCase *c = tcase_create("fleet");

	tcase_set_timeout(c, 60);
	tcase_add_loop_test(c, everything_is_acknowledged, 0, LENGTH(runs));
	tcase_add_test(c, a_denied_tracker_gives_up);
	tcase_add_loop_test(c, a_denied_tracker_is_renewed, 0, 2);
	tcase_add_test(c, a_refused_position_is_not_sent_again);
	tcase_add_test(c, a_count_is_kept);
	tcase_add_test(c, a_rate_is_kept);
	tcase_add_test(c, a_pace_is_kept);
	tcase_add_test(c, a_signal_ends_it_in_good_order);
	tcase_add_test(c, nobody_there);
	tcase_add_test(c, without_memory);
	suite_add_tcase(s, c);
	return s;
}

UNIT_MAIN(suite)
