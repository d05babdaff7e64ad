/* What `pettrack retention` makes of auth's list; what it deletes is in tests/system. */
#include "cli/retention_devices.h"
#include "tests/lib/unit.h"
#include "web/web.h"

#include <errno.h>
#include <stdio.h>

#define ID(last) "00000000-0000-4000-8000-00000000000" last
#define LENGTH(a) ((int)(sizeof(a) / sizeof *(a)))

static struct web *web;
static struct client *client;
static const char *const *pages; /* one after the other */
static int asked;
static char cursors[8][64]; /* of each request */
static int busy; /* so many answers are 503 */

static void token(struct web_request *q, void *owner)
{
	(void)owner;
	web_reply(q, 200, json_pack("{s:s, s:s, s:i}", "access_token", "t", "token_type", "Bearer", "expires_in", 900));
}

static void list(struct web_request *q, void *owner)
{
	const char *cursor = web_query(q, "cursor");

	(void)owner;
	if (busy > 0) {
		busy--;
		web_problem(q, 503, "busy", "Come back later.");
		return;
	}
	snprintf(cursors[asked], sizeof cursors[0], "%s", cursor ? cursor : "");
	web_reply(q, 200, json_loads(pages[asked++], JSON_DECODE_ANY, NULL));
}

static const struct web_route routes[] = {
	{ "POST", "/v1/oauth/token", token },
	{ "GET", "/internal/v1/devices", list },
	{ 0 },
};

static void set_up(void)
{
	char url[64];

	ck_assert_int_eq(web_open(&web,
				 &(struct web_options){
					 .address = "127.0.0.1",
					 .threads = 2,
					 .body_max = 65536,
					 .request_timeout_ms = 5000,
					 .keep_alive_ms = 1000,
					 .routes = routes,
				 }),
		0);
	snprintf(url, sizeof url, "http://127.0.0.1:%u", web_port(web));
	ck_assert_int_eq(
		client_open(&client,
			&(struct client_options){ .base_url = url, .client_id = "retention", .client_secret = "s" }),
		0);
}

static void tear_down(void)
{
	client_close(client);
	web_close(web);
}

static struct uuid id_of(const char *text)
{
	struct uuid u;

	ck_assert_int_eq(uuid_parse(&u, text, strlen(text)), 0);
	return u;
}

START_TEST(pages_become_one_list)
{
	static const char *const three[] = {
		"{\"devices\":[{\"id\":\"" ID("3") "\",\"retention_days\":30}],\"next\":\"a\"}",
		"{\"devices\":[{\"id\":\"" ID("1") "\",\"retention_days\":null}],\"next\":\"b\"}",
		"{\"devices\":[],\"next\":null}",
	};
	struct retention_devices d;
	struct uuid first = id_of(ID("1")), second = id_of(ID("2")), third = id_of(ID("3"));

	pages = three;
	busy = 2;
	ck_assert_int_eq(retention_devices_read(&d, client, 20000), 0);
	ck_assert_int_eq(asked, 3);
	ck_assert_str_eq(cursors[0], "");
	ck_assert_str_eq(cursors[1], "a");
	ck_assert_str_eq(cursors[2], "b");
	ck_assert_uint_eq(d.n, 2);
	ck_assert(uuid_same(&d.items[0].id, &first));
	ck_assert_int_eq(d.items[0].days, 0);
	ck_assert_int_eq(d.items[1].days, 30);
	ck_assert(retention_devices_know(&d, &first));
	ck_assert(!retention_devices_know(&d, &second));
	ck_assert(retention_devices_know(&d, &third));
	retention_devices_free(&d);
	ck_assert(!retention_devices_know(&d, &first));
}
END_TEST

/* A list that is not understood is none: not an empty one, and not a part. */
static const char *const malformed[] = {
	"{}",
	"[]",
	"{\"devices\":null,\"next\":null}",
	"{\"devices\":{},\"next\":null}",
	"{\"devices\":[7],\"next\":null}",
	"{\"devices\":[{\"retention_days\":7}],\"next\":null}",
	"{\"devices\":[{\"id\":\"" ID("1") "\"}],\"next\":null}",
	"{\"devices\":[{\"id\":\"" ID("") "\",\"retention_days\":7}],\"next\":null}",
	"{\"devices\":[{\"id\":\"" ID("1") "\",\"retention_days\":-1}],\"next\":null}",
	"{\"devices\":[{\"id\":\"" ID("1") "\",\"retention_days\":0}],\"next\":null}",
	"{\"devices\":[{\"id\":\"" ID("1") "\",\"retention_days\":\"7\"}],\"next\":null}",
	"{\"devices\":[{\"id\":\"" ID("1") "\",\"retention_days\":7.5}],\"next\":null}",
	"{\"devices\":[{\"id\":\"" ID("1") "\",\"retention_days\":3000000000}],\"next\":null}",
	"{\"devices\":[{\"id\":\"" ID("1") "\",\"retention_days\":7}]}",
	"{\"devices\":[{\"id\":\"" ID("1") "\",\"retention_days\":7}],\"next\":7}",
};

START_TEST(what_is_no_list)
{
	struct retention_devices d = { .n = 77 };

	pages = &malformed[_i];
	ck_assert_int_eq(retention_devices_read(&d, client, 0), -EPROTO);
	ck_assert_uint_eq(d.n, 77);
}
END_TEST

START_TEST(an_auth_that_stays_busy)
{
	struct retention_devices d = { .n = 77 };

	busy = 1000;
	ck_assert_int_eq(retention_devices_read(&d, client, 200), CLIENT_E_RETRY);
	ck_assert_uint_eq(d.n, 77);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("retention");
	TCase *c = tcase_create("retention");

	tcase_set_timeout(c, 60);
	tcase_add_checked_fixture(c, set_up, tear_down);
	tcase_add_test(c, pages_become_one_list);
	tcase_add_loop_test(c, what_is_no_list, 0, LENGTH(malformed));
	tcase_add_test(c, an_auth_that_stays_busy);
	suite_add_tcase(s, c);
	return s;
}

UNIT_MAIN(suite)
