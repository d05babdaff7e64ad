/* Source: ingest/gateway/intake.c: rules, clocks, filters and strangers, with a tracker that speaks OsmAnd's protocol. */
#include "base/clock.h"
#include "ingest/gateway/intake.h"
#include "tests/ingest/gateway/around.h"
#include "tests/ingest/gateway/trackers.h"
#include "tests/lib/unit.h"

#include <stdio.h>
#include <string.h>

enum { HOUR_MS = 3600000 };

#define DAY_MS 86400000LL
#define WEEKS_1024_MS (7168 * DAY_MS)
#define SPEAKS "&secret=" SECRET

extern const struct protocol protocol_osmand;

static void setup(void)
{
	around_open((const struct protocol *const[]){ &protocol_osmand, NULL });
	around.options.rollover_ms = 90 * DAY_MS;
}

/* A fix of the cat, @north_m metres from where it is. */
static int report(int64_t time_ms, int north_m, const char *more)
{
	char request[512];

	snprintf(request, sizeof request, GET("id=cat" SPEAKS "&lat=%.6f&lon=-5.113851&timestamp=%lld%s"),
		50.1703 + north_m / 111195.0, (long long)time_ms, more);
	return get(request);
}

static double filtered(enum filter f)
{
	return series_value(around.ports[0].stats.filtered[f]);
}

/* ---- rules ---- */

START_TEST(a_protocol_that_is_not_allowed)
{
	around_rules.protocols_named = true;
	ck_assert_int_eq(strangers_open(&around.options.strangers, 10), 0);
	around_start();
	ck_assert_int_eq(get(GET("id=cat" SPEAKS "&lat=1&lon=2")), 400); /* as to one that is not known */
	ck_assert_int_eq(get(GET("id=cat&lat=1&lon=2")), 400);
	ck_assert_double_eq(around_refused(0, REASON_NOT_ALLOWED), 2);
	ck_assert_double_eq(around_refused(0, REASON_UNKNOWN_DEVICE), 0);
	ck_assert_uint_eq(around_stored().n, 0);
	around_stop();
	ck_assert_uint_eq(strangers_take(around.options.strangers, &(struct stranger){ 0 }, 1), 0);
	strangers_close(around.options.strangers);
}
END_TEST

static const struct {
	const char *network;
	bool allowed;
} networks[] = { { "127.0.0.1", true }, { "127.0.0.0/8", true }, { "127.0.0.2", false }, { "2001:db8::/32", false } };

START_TEST(a_network_that_is_allowed)
{
	ck_assert_int_eq(network_parse(&around_rules.networks[0], networks[_i].network), 0);
	around_rules.networks_n = 1;
	around_start();
	ck_assert_int_eq(get(GET("id=cat" SPEAKS "&lat=1&lon=2")), networks[_i].allowed ? 200 : 400);
	ck_assert_double_eq(around_refused(0, REASON_NOT_ALLOWED), !networks[_i].allowed);
	around_stop();
}
END_TEST

START_TEST(strangers)
{
	struct stranger stranger[2];
	char address[ADDRESS_TEXT_SIZE];

	ck_assert_int_eq(strangers_open(&around.options.strangers, 10), 0);
	around_start();
	ck_assert_int_eq(get(GET("id=ferret&lat=1&lon=2")), 400);
	ck_assert_int_eq(get(GET("id=ferret&lat=1&lon=2")), 400);
	ck_assert_int_eq(get(GET("id=%24ne&lat=1&lon=2")), 400);
	ck_assert_int_eq(get(GET("id=cat&secret=guess&lat=1&lon=2")), 401);
	around_stop();
	ck_assert_uint_eq(strangers_take(around.options.strangers, stranger, 2), 1);
	address_format(address, &stranger[0].from);
	ck_assert_str_eq(stranger[0].identifier, "ferret");
	ck_assert_str_eq(stranger[0].protocol, "osmand");
	ck_assert_str_eq(address, "127.0.0.1");
	ck_assert_int_eq(stranger[0].contacts, 2);
	strangers_close(around.options.strangers);
}
END_TEST

/* ---- waiting ---- */

static int agains;

static void count_again(struct flight *f)
{
	(void)f;
	agains++;
}

/* A login of the cat. */
static int take_login(struct intake *in, struct flight *f)
{
	struct protocol_group group = { .identifier = "cat", .secret = SECRET };
	struct protocol_result frame = { .groups = &group, .groups_n = 1 };

	return intake_take(in, f, &frame);
}

START_TEST(what_is_taken_before_its_turn_waits_once)
{
	const struct flight_events events = { .again = count_again };
	struct flight f = { .events = &events, .port = &around.ports[0] };
	devices_identifier want;
	struct intake in;

	agains = 0;
	ck_assert_int_eq(intake_open(&in, &around.options), 0);
	ck_assert_int_eq(take_login(&in, &f), INTAKE_LATER);
	ck_assert_int_eq(take_login(&in, &f), INTAKE_LATER);
	ck_assert_uint_eq(devices_take(around.options.devices, &want, 1, 0), 1);
	devices_settle(around.options.devices, want, NULL, clock_mono_ms());
	devices_batch_done(around.options.devices);
	intake_looked_up(&in, devices_settled(around.options.devices));
	ck_assert_int_eq(agains, 1);
	ck_assert(TAILQ_EMPTY(&in.looking));
	ck_assert_int_eq(take_login(&in, &f), REASON_UNKNOWN_DEVICE);
	intake_close(&in);
}
END_TEST

/* ---- clocks ---- */

START_TEST(an_offset_is_added_first)
{
	int64_t ahead_ms = clock_real_ms() + FUTURE_MS + HOUR_MS / 2;

	around_rules.clock_offset_s = -HOUR_MS / 1000;
	around_start();
	ck_assert_int_eq(report(ahead_ms, 0, ""), 200);
	struct stored s = around_stored();
	ck_assert_int_eq(s.last.time_ms, ahead_ms - HOUR_MS);
	ck_assert_double_eq(series_value(around.ports[0].stats.times[DEVICE_CLOCK_AHEAD]), 0);
	ck_assert_int_eq(get(GET("id=cat" SPEAKS "&lat=1&lon=2")), 200);
	s = around_stored();
	ck_assert_int_eq(s.last.time_ms, s.last.received_ms); /* no date is none, whatever the offset */
	around_stop();
}
END_TEST

START_TEST(lost_weeks_come_back)
{
	int64_t now_ms = clock_real_ms();

	around_start();
	ck_assert_int_eq(report(now_ms - WEEKS_1024_MS, 0, ""), 200);
	struct stored s = around_stored();
	ck_assert_int_eq(s.last.time_ms, now_ms);
	ck_assert_str_eq(s.attributes, "");
	ck_assert_double_eq(series_value(around.ports[0].stats.times[DEVICE_CLOCK_ROLLED_OVER]), 1);
	around_stop();
}
END_TEST

/* ---- filters ---- */

START_TEST(what_is_filtered_is_acknowledged)
{
	int64_t now_ms = clock_real_ms();

	around.options.filters.limit[FILTER_PERIOD] = 10;
	around_start();
	ck_assert_int_eq(report(now_ms, 0, ""), 200);
	ck_assert_int_eq(report(now_ms + 9999, 0, ""), 200);
	ck_assert_double_eq(filtered(FILTER_PERIOD), 1);
	ck_assert_uint_eq(around_stored().n, 1);
	ck_assert_int_eq(report(now_ms + 10000, 0, ""), 200);
	ck_assert_uint_eq(around_stored().n, 2);
	ck_assert_double_eq(series_value(around.ports[0].stats.frames), 3);
	ck_assert_double_eq(series_value(around.ports[0].stats.positions), 2);
	around_stop();
}
END_TEST

START_TEST(what_is_left_of_a_fix_is_a_contact)
{
	int64_t now_ms = clock_real_ms();

	around.options.filters.limit[FILTER_ACCURACY] = 50;
	around_start();
	ck_assert_int_eq(report(now_ms, 0, "&accuracy=51&batt=42&speed=3&hdop=9"), 200);
	struct stored s = around_stored();
	ck_assert_uint_eq(s.n, 1);
	ck_assert_uint_eq(s.last.has, POSITION_BATTERY);
	ck_assert_float_eq(s.last.battery_pct, 42);
	ck_assert_int_eq(s.last.time_ms, now_ms);
	ck_assert_str_eq(s.attributes, "hdop ");
	ck_assert_double_eq(filtered(FILTER_ACCURACY), 1);
	around_stop();
}
END_TEST

START_TEST(a_refused_fix_is_not_the_last_one)
{
	int64_t now_ms = clock_real_ms();

	around.options.filters.limit[FILTER_SPEED] = 10;
	around_start();
	ck_assert_int_eq(report(now_ms, 0, ""), 200);
	ck_assert_int_eq(report(now_ms + 1000, 5000, ""), 200);
	ck_assert_int_eq(report(now_ms + 2000, 15, ""), 200);
	ck_assert_double_eq(filtered(FILTER_SPEED), 1);
	struct stored s = around_stored();
	ck_assert_uint_eq(s.n, 2);
	ck_assert_int_eq(s.last.time_ms, now_ms + 2000);
	around_stop();
}
END_TEST

START_TEST(a_device_s_filters_come_first)
{
	int64_t now_ms = clock_real_ms();

	around.options.filters.limit[FILTER_PERIOD] = 10;
	around.options.filters.limit[FILTER_DISTANCE] = 100;
	around_rules.filters_named = 1 << FILTER_DISTANCE;
	around_start();
	ck_assert_int_eq(report(now_ms, 0, ""), 200);
	ck_assert_int_eq(report(now_ms + 20000, 1, ""), 200);
	ck_assert_int_eq(report(now_ms + 21000, 500, ""), 200);
	ck_assert_double_eq(filtered(FILTER_DISTANCE), 0);
	ck_assert_double_eq(filtered(FILTER_PERIOD), 1);
	ck_assert_uint_eq(around_stored().n, 2);
	around_stop();
}
END_TEST

#define PLACE(seconds, lat)                                                                                            \
	"{\"timestamp\":\"2026-01-02T03:04:" seconds "Z\",\"coords\":{\"latitude\":" lat ",\"longitude\":2}}"

START_TEST(each_of_a_frame_is_compared_with_the_one_before)
{
	static const char body[] = "{\"location\":[" PLACE("00", "1.0") "," PLACE("01", "1.1") "," PLACE(
		"02", "1.0") "," PLACE("04", "1.0001") "],\"device_id\":\"cat:" SECRET "\"}";
	char request[1024];

	snprintf(request, sizeof request,
		"POST / HTTP/1.1\r\nHost: g\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s",
		strlen(body), body);
	around.options.filters.limit[FILTER_SPEED] = 10;
	around.options.filters.limit[FILTER_PERIOD] = 3;
	around_start();
	ck_assert_int_eq(get(request), 200);
	struct stored s = around_stored();
	ck_assert_double_eq(filtered(FILTER_SPEED), 1);
	ck_assert_double_eq(filtered(FILTER_PERIOD), 1);
	ck_assert_uint_eq(s.n, 2);
	ck_assert_int_eq(s.last.time_ms, s.first_ms + 4000);
	around_stop();
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("intake");
	TCase *t = tcase_create("intake");

	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, setup, around_close);
	tcase_add_test(t, a_protocol_that_is_not_allowed);
	tcase_add_loop_test(t, a_network_that_is_allowed, 0, sizeof networks / sizeof *networks);
	tcase_add_test(t, strangers);
	tcase_add_test(t, what_is_taken_before_its_turn_waits_once);
	tcase_add_test(t, an_offset_is_added_first);
	tcase_add_test(t, lost_weeks_come_back);
	tcase_add_test(t, what_is_filtered_is_acknowledged);
	tcase_add_test(t, what_is_left_of_a_fix_is_a_contact);
	tcase_add_test(t, a_refused_fix_is_not_the_last_one);
	tcase_add_test(t, a_device_s_filters_come_first);
	tcase_add_test(t, each_of_a_frame_is_compared_with_the_one_before);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(suite)
