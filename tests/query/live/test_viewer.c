/* Source: query/live/viewer.c, outbox.c, subscribe.c. One client of a hub whose loop does not turn; the socket is the test's. */
#include "query/live/hub_internal.h"
#include "query/live/partition.h"
#include "query/live/stats.h"
#include "tests/lib/unit.h"
#include "tests/query/live/make.h"

#include <string.h>

enum { PARTITIONS = 3 };

/* ---- the socket ---- */

static int closed; /* code */

void ws_want_write(struct ws *w)
{
	(void)w;
}

int ws_send(struct ws *w, char *text, size_t n)
{
	(void)w;
	(void)text;
	(void)n;
	return 0;
}

void ws_close(struct ws *w, int code, const char *reason)
{
	(void)w;
	(void)reason;
	closed = code;
}

int ws_close_code(const struct ws *w)
{
	(void)w;
	return 1006;
}

/* ---- the client ---- */

static struct live_shared shared;
static struct hub hub;
static struct viewer *viewer;

static void start(void)
{
	const struct ring_options o = { 10, 1 << 20, 100 };

	closed = 0;
	stats_open();
	shared.o = (struct live_options){
		.connections_max = 10,
		.connections_per_address = 10,
		.connections_per_user = 10,
		.subscriptions_max = 100,
		.message_rate = 100,
		.frame_max = 4096,
		.slow_ms = 500,
		.slow_bytes = 1 << 20,
	};
	hub = (struct hub){ .shared = &shared, .limits = { 100, 1 << 20 }, .frame_size = 1 << 16 };
	hub.frame = malloc(WS_HEADROOM + hub.frame_size);
	hub.places = calloc(PARTITIONS, sizeof(*hub.places));
	TAILQ_INIT(&hub.viewers);
	ck_assert_int_eq(counts_open(&shared.addresses), 0);
	ck_assert_int_eq(counts_open(&shared.users), 0);
	ck_assert_int_eq(uuid_map_open(&hub.devices), 0);
	ck_assert_int_eq(uuid_map_open(&hub.users), 0);
	ck_assert_int_eq(ring_open(&hub.ring, PARTITIONS, &o), 0);
	ck_assert_int_eq(loop_open(&hub.loop), 0);
	viewer = viewer_opened(&hub, NULL, "", "127.0.0.1");
	viewer->state = VIEWER_OPEN;
	viewer->expires_ms = INT64_MAX;
}

static void stop(void)
{
	viewer_gone(viewer);
	ck_assert_uint_eq(hub.devices.n, 0);
	counts_close(shared.addresses);
	counts_close(shared.users);
	uuid_map_close(&hub.devices);
	uuid_map_close(&hub.users);
	ring_unref(hub.ring);
	loop_close(hub.loop);
	free(hub.places);
	free(hub.frame);
}

static struct watch *watch(uint32_t n)
{
	struct uuid id = device(n);
	struct watch *w = watch_add(viewer, &id);

	ck_assert_ptr_nonnull(w);
	return w;
}

static void push(struct watch *w, int32_t partition, int64_t offset)
{
	struct update *u = make_update(1, 1000 + offset, 1000, partition, offset);

	viewer_push(w, u, false);
	update_unref(u);
}

/* ---- tests ---- */

START_TEST(a_stray_reaches_one_who_is_ahead)
{
	start();
	struct watch *w = watch(1);
	int32_t home = w->device->partition;
	viewer->ahead = true;
	viewer->places[0].at.next = 100;
	push(w, home, 99); /* was sent by another replica */
	ck_assert_uint_eq(viewer->queue.n, 0);
	push(w, (home + 1) % PARTITIONS, 5); /* the client watches nothing there */
	push(w, home, 100);
	ck_assert_uint_eq(viewer->queue.n, 2);
	stop();
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("viewer");
	TCase *t = tcase_create("viewer");

	tcase_add_test(t, a_stray_reaches_one_who_is_ahead);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(suite)
