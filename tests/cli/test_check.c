/* What `pettrack check` is made of, where it needs no server; whole runs are in tests/system. */
#include "cli/address.h"
#include "cli/check_fix.h"
#include "cli/check_report.h"
#include "cli/simulation/fleet.h"
#include "service/service.h"
#include "tests/cli/gateway.h"
#include "tests/lib/service/capture.h"
#include "tests/lib/unit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define LENGTH(a) ((int)(sizeof(a) / sizeof *(a)))

/* ---- addresses ---- */

static const struct {
	const char *text, *host;
	uint16_t port;
} addresses[] = {
	{ "gateway:5055", "gateway", 5055 },
	{ "127.0.0.1:1", "127.0.0.1", 1 },
	{ "[::1]:65535", "::1", 65535 },
	{ "::1:5055", "::1", 5055 },
};

START_TEST(an_address)
{
	char host[ADDRESS_HOST_SIZE];
	uint16_t port;

	ck_assert_int_eq(address_read(host, &port, addresses[_i].text), 0);
	ck_assert_str_eq(host, addresses[_i].host);
	ck_assert_uint_eq(port, addresses[_i].port);
}
END_TEST

static const char *const no_addresses[] = { "", "gateway", ":5055", "gateway:", "gateway:0", "gateway:65536",
	"gateway:5o", "[]:" };

START_TEST(no_address)
{
	char host[ADDRESS_HOST_SIZE], long_name[ADDRESS_HOST_SIZE + 8];
	uint16_t port;

	ck_assert_int_eq(address_read(host, &port, no_addresses[_i]), -EINVAL);
	memset(long_name, 'a', ADDRESS_HOST_SIZE);
	strcpy(long_name + ADDRESS_HOST_SIZE, ":1");
	ck_assert_int_eq(address_read(host, &port, long_name), -EINVAL);
	ck_assert_int_eq(address_read(host, &port, long_name + 1), 0);
}
END_TEST

/* ---- the fix ---- */

static json_t *as_written(const struct check_fix *f)
{
	return json_pack(
		"{s:s, s:f, s:f}", "time", f->time, "lat", f->position.lat_e7 / 1e7, "lon", f->position.lon_e7 / 1e7);
}

START_TEST(a_fix_is_known_again)
{
	struct check_fix f = check_fix_now();
	json_t *p = as_written(&f);

	ck_assert_ptr_null(position_fault(&f.position));
	ck_assert(check_fix_is(&f, p));
	json_object_set_new(p, "battery", json_integer(50));
	ck_assert(check_fix_is(&f, p));
	json_decref(p);
}
END_TEST

/* A position that is the fix but for one thing. */
START_TEST(another_one_is_not_it)
{
	static const char *const members[] = { "time", "lat", "lon" };
	struct check_fix f = check_fix_now();
	const char *member = members[_i % 3];
	json_t *p = as_written(&f);

	if (_i < 3)
		json_object_del(p, member);
	else if (_i == 3)
		json_object_set_new(p, member, json_string("2026-01-02T03:04:05.000Z"));
	else
		json_object_set_new(p, member, json_real(json_real_value(json_object_get(p, member)) + 1e-7));
	ck_assert(!check_fix_is(&f, p));
	ck_assert(!check_fix_is(&f, NULL));
	json_decref(p);
}
END_TEST

static void start_service(void)
{
	static const struct setting none[] = { { 0 } };
	char name[] = "p", *argv[] = { name, NULL };

	ck_assert_int_eq(service_start(&(struct service){ "p", "s", none }, 1, argv), 0);
}

/* What a gateway does, and what is said of it; "" for nothing. */
static const struct {
	const char *dialect;
	struct gateway_options gateway;
	const char *reason;
} sendings[] = {
	{ "osmand", { 0 }, "" },
	{ "teltonika-8e", { .teltonika = true }, "" },
	{ "osmand", { .secret = "another" }, "does not know the device" },
	{ "osmand", { .refuse_frames = true }, "does not want the position" },
	{ "osmand", { .mute = 1 }, "does not acknowledge" },
	{ "osmand", { .busy = 1 }, "does not acknowledge" },
	{ "teltonika-8e", { .teltonika = true, .refuse_login = true }, "does not know the device" },
};

START_TEST(a_fix_is_sent)
{
	struct check_fix f = check_fix_now();
	struct identity i = { .identifier = "123456789012345", .secret = "s" };
	char reason[CHECK_REASON_SIZE] = "", address[32];
	struct gateway *g;

	start_service();
	ck_assert_int_eq(gateway_open(&g, &sendings[_i].gateway), 0);
	snprintf(address, sizeof address, "127.0.0.1:%u", gateway_port(g));
	bool sent = check_fix_send(&f, address, sendings[_i].dialect, &i, *sendings[_i].reason ? 700 : 30000, reason);
	struct gateway_counts c = gateway_close(g);
	ck_assert(sent == (*sendings[_i].reason == '\0'));
	ck_assert_ptr_nonnull(strstr(reason, sendings[_i].reason));
	ck_assert_int_ge(c.taken, sent);
}
END_TEST

START_TEST(nobody_to_send_it_to)
{
	struct check_fix f = check_fix_now();
	struct identity i = { .identifier = "123456789012345", .secret = "s" };
	char reason[CHECK_REASON_SIZE] = "";

	start_service();
	ck_assert(!check_fix_send(&f, "127.0.0.1:1", "osmand", &i, 300, reason));
	ck_assert_str_eq(reason, "127.0.0.1:1 cannot be reached");
	ck_assert(!check_fix_send(&f, "nowhere", "osmand", &i, 300, reason));
	ck_assert_str_eq(reason, "'nowhere' is not HOST:PORT");
}
END_TEST

/* ---- the report ---- */

static int three_steps(bool json, const char *reason)
{
	struct check_report r = check_report_begin(json);

	check_report_step(&r, "first", 12, NULL);
	check_report_step(&r, "second", 30001, reason);
	if (reason)
		check_report_skipped(&r, "third");
	return check_report_end(&r);
}

START_TEST(a_report_of_lines)
{
	capture_begin(1);
	ck_assert_int_eq(three_steps(false, "it is away"), 1);
	ck_assert_str_eq(capture_end(1), "ok         0.012 s  first\nfailed    30.001 s  second: it is away\n"
					 "skipped             third\n");
	capture_begin(1);
	ck_assert_int_eq(three_steps(false, NULL), 0);
	ck_assert_str_eq(capture_end(1), "ok         0.012 s  first\nok        30.001 s  second\n");
}
END_TEST

START_TEST(a_report_as_json)
{
	capture_begin(1);
	ck_assert_int_eq(three_steps(true, "it is away"), 1);
	json_t *r = json_loads(capture_end(1), 0, NULL);
	const json_t *second = json_array_get(json_object_get(r, "steps"), 1);
	ck_assert(json_is_false(json_object_get(r, "ok")));
	ck_assert(json_is_real(json_object_get(r, "seconds")));
	ck_assert_uint_eq(json_array_size(json_object_get(r, "steps")), 3);
	ck_assert_str_eq(json_string_value(json_object_get(second, "result")), "failed");
	ck_assert_str_eq(json_string_value(json_object_get(second, "reason")), "it is away");
	ck_assert_double_eq(json_real_value(json_object_get(second, "seconds")), 30.001);
	json_decref(r);
	capture_begin(1);
	ck_assert_int_eq(three_steps(true, NULL), 0);
	ck_assert_ptr_nonnull(strstr(capture_end(1), "\"ok\":true"));
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("check");
	TCase *c = tcase_create("check");

	tcase_set_timeout(c, 60);
	tcase_add_loop_test(c, an_address, 0, LENGTH(addresses));
	tcase_add_loop_test(c, no_address, 0, LENGTH(no_addresses));
	tcase_add_test(c, a_fix_is_known_again);
	tcase_add_loop_test(c, another_one_is_not_it, 0, 6);
	tcase_add_loop_test(c, a_fix_is_sent, 0, LENGTH(sendings));
	tcase_add_test(c, nobody_to_send_it_to);
	tcase_add_test(c, a_report_of_lines);
	tcase_add_test(c, a_report_as_json);
	suite_add_tcase(s, c);
	return s;
}

UNIT_MAIN(suite)
