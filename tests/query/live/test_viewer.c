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
static char sent[1 << 16]; /* the frame that was sent last */

void ws_want_write(struct ws *w)
{
	(void)w;
}

int ws_send(struct ws *w, char *text, size_t n)
{
	(void)w;
	ck_assert_uint_lt(n, sizeof sent);
	memcpy(sent, text, n);
	sent[n] = '\0';
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

/* ---- the workers, auth and MongoDB ---- */

static struct work *asking, *reading; /* what was put last */
static char askers, readers;
static struct uuid visible[200];
static size_t visible_n;
static struct limits limits; /* of all that is visible */
static int access_result;

void workers_put(struct workers *ws, struct work *w)
{
	struct work **at = (char *)ws == &askers ? &asking : &reading;

	ck_assert_ptr_null(*at);
	*at = w;
}

int access_devices(struct access *a, const struct uuid *user, struct device_set **ret)
{
	(void)a;
	(void)user;
	*ret = access_result ? NULL : device_set_new(visible, visible_n);
	if (*ret)
		(*ret)->limits = limits;
	return access_result;
}

int access_devices_with(struct access *a, const struct uuid *user, const struct uuid *device, struct device_set **ret)
{
	(void)device;
	return access_devices(a, user, ret);
}

bool access_session_ended(struct access *a, const struct uuid *session)
{
	(void)a;
	(void)session;
	return false;
}

static int find_nothing(void *owner, const struct uuid *ids, size_t n, latest_take take, void *arg)
{
	(void)owner;
	(void)ids;
	(void)n;
	(void)take;
	(void)arg;
	return 0;
}

static void finish(struct work **at)
{
	struct work *w = *at;

	ck_assert_ptr_nonnull(w);
	*at = NULL;
	w->run(w);
	w->done(w);
}

/* ---- the client ---- */

static struct live_shared shared;
static struct hub hub;
static struct viewer *viewer;

static void start(void)
{
	const struct ring_options o = { 10, 1 << 20, 100 };

	stats_open();
	shared.askers = (struct workers *)&askers;
	shared.readers = (struct workers *)&readers;
	ck_assert_int_eq(past_source_open(&shared.past, find_nothing, NULL), 0);
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
	for (int32_t i = 0; i < PARTITIONS; i++)
		ring_begin(hub.ring, i, 0);
	ck_assert_int_eq(loop_open(&hub.loop), 0);
	viewer = viewer_opened(&hub, NULL, "", "127.0.0.1");
	viewer->state = VIEWER_OPEN;
	viewer->expires_ms = INT64_MAX;
}

static void stop(void)
{
	viewer_gone(viewer);
	ck_assert_uint_eq(hub.devices.n, 0);
	past_source_close(shared.past);
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

static void may_see(uint32_t n)
{
	visible[visible_n++] = device(n);
}

static void hear(const char *text)
{
	viewer_heard(viewer, text, strlen(text));
}

/* The next frame; "": none. */
static const char *next(void)
{
	sent[0] = '\0';
	viewer_writable(viewer);
	return sent;
}

static bool is(const char *frame, const char *begin)
{
	return !strncmp(frame, begin, strlen(begin));
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

/* What is added is not sent from before the client's place, so it is to be in the snapshot. */
START_TEST(a_device_is_added_to_one_who_is_ahead)
{
	start();
	int32_t home = watch(1)->device->partition;
	uint32_t other = 2;
	for (struct uuid id = device(other); partition_of(&id, PARTITIONS) != home; id = device(++other))
		;
	viewer->ahead = true;
	viewer->places[0].at.next = 2;
	may_see(1);
	may_see(other);
	hear("{\"type\":\"subscribe\",\"devices\":\"all\"}");
	finish(&asking);
	finish(&reading);
	ck_assert_ptr_nonnull(viewer->parked); /* until the ring has come so far */
	for (int64_t i = 0; i < 2; i++) {
		struct update *u = make_update(other, 1000 + i, 1000, home, i);
		ring_append(hub.ring, u);
		update_unref(u);
	}
	viewer_unpark(viewer);
	finish(&reading);
	ck_assert_uint_eq(viewer->snapshot.n, 1);
	ck_assert_int_eq(viewer->snapshot.updates[0]->offset, 1);
	stop();
}
END_TEST

START_TEST(what_is_not_found_is_named_as_a_whole_text)
{
	char text[256] = "{\"type\":\"subscribe\",\"devices\":[\"";

	start();
	for (int i = 0; i < 40; i++)
		strcat(text, "\u20ac");
	strcat(text, "\"]}");
	hear(text);
	finish(&asking);
	finish(&reading);
	ck_assert_int_eq(closed, 0);
	ck_assert(is(next(), "{\"type\":\"error\",\"code\":\"not_found\""));
	ck_assert_ptr_nonnull(strstr(sent, "\u20ac\""));
	stop();
}
END_TEST

START_TEST(access_ends_while_the_past_is_read)
{
	start();
	may_see(1);
	may_see(2);
	hear("{\"type\":\"subscribe\",\"devices\":\"all\"}");
	finish(&asking);
	ck_assert_ptr_nonnull(reading);
	push(watch(1), 0, 0);
	visible_n = 0;
	may_see(2);
	may_see(3);
	viewer_note_changed(viewer);
	finish(&asking); /* though MongoDB does not answer */
	ck_assert_uint_eq(viewer->watches_n, 1);
	ck_assert_uint_eq(viewer->queue.n, 0);
	ck_assert_int_eq(viewer->unsure_ms, 0);
	ck_assert(is(next(), "{\"type\":\"devices\",\"added\":[],\"removed\":[\"de01"));
	finish(&reading);
	ck_assert(is(next(), "{\"type\":\"subscribed\",\"devices\":[\"de010000-0000-0000-0000-000000000002\"],"));
	ck_assert(is(next(), "{\"type\":\"snapshot\",\"positions\":[],"));
	finish(&asking); /* what was added had to wait */
	ck_assert(is(next(), "{\"type\":\"devices\",\"added\":[\"de010000-0000-0000-0000-000000000003\"]"));
	finish(&reading);
	ck_assert_uint_eq(viewer->watches_n, 2);
	stop();
}
END_TEST

/* The answer under way may be from before the change. */
START_TEST(access_ends_while_auth_is_asked)
{
	start();
	may_see(1);
	hear("{\"type\":\"subscribe\",\"devices\":\"all\"}");
	viewer_note_changed(viewer);
	finish(&asking);
	ck_assert_uint_eq(viewer->watches_n, 1);
	visible_n = 0;
	finish(&asking);
	ck_assert_uint_eq(viewer->watches_n, 0);
	finish(&reading);
	stop();
}
END_TEST

START_TEST(access_ends_before_the_snapshot_is_sent)
{
	start();
	struct update *u = make_update(1, 1000, 1000, watch(1)->device->partition, 0);
	ring_append(hub.ring, u);
	update_unref(u);
	hub.places[viewer->places[0].partition].next = 1;
	may_see(1);
	hear("{\"type\":\"subscribe\",\"devices\":\"all\"}");
	finish(&asking);
	finish(&reading);
	ck_assert_uint_eq(viewer->snapshot.n, 1);
	visible_n = 0;
	viewer_note_changed(viewer);
	finish(&asking);
	ck_assert(is(next(), "{\"type\":\"subscribed\""));
	ck_assert(is(next(), "{\"type\":\"devices\""));
	ck_assert(is(next(), "{\"type\":\"snapshot\",\"positions\":[],"));
	stop();
}
END_TEST

START_TEST(positions_are_held_back_while_auth_does_not_answer)
{
	start();
	may_see(1);
	push(watch(1), 0, 0);
	viewer_note_changed(viewer);
	int64_t since_ms = viewer->unsure_ms = loop_now_ms(hub.loop) - 800;
	viewer_note_changed(viewer);
	ck_assert_int_eq(viewer->unsure_ms, since_ms); /* is not put off */
	ck_assert_str_eq(next(), "");
	finish(&asking);
	ck_assert_ptr_nonnull(asking); /* for the second notice */
	ck_assert(is(next(), "{\"type\":\"positions\",")); /* known as of a moment ago */
	finish(&asking);
	ck_assert_int_eq(viewer->unsure_ms, 0);
	viewer->unsure_ms = loop_now_ms(hub.loop) - 6000;
	viewer_sweep(viewer, loop_now_ms(hub.loop), 0);
	ck_assert_int_eq(closed, 1013);
	stop();
}
END_TEST

START_TEST(auth_cannot_say)
{
	start();
	watch(1);
	access_result = ACCESS_E_RETRY;
	viewer_note_changed(viewer);
	finish(&asking);
	ck_assert_int_eq(closed, 0);
	viewer->unsure_ms -= 800;
	viewer->ask_again_ms = 0;
	viewer_go_on(viewer);
	finish(&asking);
	ck_assert_int_eq(closed, 1013);
	stop();
}
END_TEST

/* What waited was dropped, not sent. */
START_TEST(nothing_waits_is_not_slow)
{
	start();
	push(watch(1), 0, 0);
	viewer->stuck_ms = loop_now_ms(hub.loop) - 600;
	hear("{\"type\":\"unsubscribe\",\"devices\":\"all\"}");
	viewer_sweep(viewer, loop_now_ms(hub.loop), 0);
	ck_assert_int_eq(closed, 0);
	ck_assert_int_eq(viewer->stuck_ms, 0);
	push(watch(1), 0, 1);
	viewer->stuck_ms = loop_now_ms(hub.loop) - 600;
	viewer_sweep(viewer, loop_now_ms(hub.loop), 0);
	ck_assert_int_eq(closed, 4413);
	stop();
}
END_TEST

/* ---- clients that came by a link ---- */

#define WINDOW                                                                                                         \
	(struct limits)                                                                                                \
	{                                                                                                              \
		.limited = true, .live = true, .from_ms = 1000, .until_ms = 2000, .expires_ms = INT64_MAX              \
	}

static void offer(struct watch *w, int64_t time_ms, int64_t offset, bool late)
{
	struct update *u = make_update(1, time_ms, 5000, w->device->partition, offset);

	viewer_push(w, u, late);
	update_unref(u);
}

/* Subscribes to device 1, of which there is no past; its watch. */
static struct watch *watch_by_link(const struct limits *l)
{
	struct uuid id = device(1);

	limits = *l;
	may_see(1);
	hear("{\"type\":\"subscribe\",\"devices\":\"all\"}");
	finish(&asking);
	finish(&reading);
	ck_assert(is(next(), "{\"type\":\"subscribed\""));
	ck_assert(is(next(), "{\"type\":\"snapshot\",\"positions\":[],"));
	return watch_find(viewer, &id);
}

START_TEST(a_link_shows_its_window)
{
	start();
	struct watch *w = watch_by_link(&WINDOW);
	offer(w, 999, 0, false);
	ck_assert_str_eq(next(), "");
	offer(w, 2000, 1, false);
	ck_assert_str_eq(next(), "");
	offer(w, 1000, 2, false);
	ck_assert(is(next(), "{\"type\":\"positions\",\"positions\":[{"));
	offer(w, 1999, 3, false);
	ck_assert(is(next(), "{\"type\":\"positions\",\"positions\":[{"));
	offer(w, 1500, 4, true); /* is history, which is not shown */
	ck_assert_str_eq(next(), "");
	viewer->limits.history = true;
	offer(w, 1600, 5, true);
	ck_assert_ptr_nonnull(strstr(next(), "\"late\":true}]"));
	stop();
}
END_TEST

START_TEST(a_snapshot_is_of_the_window_too)
{
	start();
	struct update *u = make_update(1, 999, 999, watch(1)->device->partition, 0);
	ring_append(hub.ring, u);
	update_unref(u);
	hub.places[viewer->places[0].partition].next = 1;
	watch_remove_all(viewer);
	ck_assert_ptr_nonnull(watch_by_link(&WINDOW));
	stop();
}
END_TEST

START_TEST(a_link_that_is_not_live)
{
	struct limits past = WINDOW;

	start();
	past.live = false;
	past.history = true;
	limits = past;
	may_see(1);
	hear("{\"type\":\"subscribe\",\"devices\":\"all\"}");
	finish(&asking);
	ck_assert_ptr_null(reading);
	ck_assert(is(next(), "{\"type\":\"error\",\"code\":\"not_live\""));
	ck_assert_uint_eq(viewer->watches_n, 0);
	stop();
}
END_TEST

START_TEST(what_a_link_shows_changes)
{
	start();
	watch_by_link(&WINDOW);
	limits.expires_ms = INT64_MAX - 1; /* renewed */
	viewer_note_changed(viewer);
	finish(&asking);
	ck_assert_int_eq(closed, 0);
	ck_assert_int_eq(viewer->limits.expires_ms, INT64_MAX - 1);
	limits.blur = 4;
	viewer_note_changed(viewer);
	finish(&asking);
	ck_assert_int_eq(closed, 1012);
	stop();
}
END_TEST

START_TEST(a_link_ends)
{
	start();
	watch_by_link(&WINDOW);
	viewer->limits.expires_ms = 7000;
	viewer_sweep(viewer, loop_now_ms(hub.loop), 6999);
	ck_assert_int_eq(closed, 0);
	viewer_sweep(viewer, loop_now_ms(hub.loop), 7000);
	ck_assert_int_eq(closed, 4401);
	stop();
}
END_TEST

START_TEST(a_link_has_ended_meanwhile)
{
	start();
	watch_by_link(&WINDOW);
	limits.expires_ms = 1;
	viewer_note_changed(viewer);
	finish(&asking);
	ck_assert_int_eq(closed, 4401);
	stop();
}
END_TEST

/* What was missed is history. */
START_TEST(a_live_link_is_not_told_what_it_missed)
{
	start();
	limits = WINDOW;
	may_see(1);
	char text[CURSOR_TEXT_SIZE], message[CURSOR_TEXT_SIZE + 100];
	struct uuid id = device(1);
	struct cursor_place place = { partition_of(&id, PARTITIONS), { 0, 0 } };
	cursor_write(text, PARTITIONS, device_sum(&id), &place, 1, NULL);
	snprintf(message, sizeof message, "{\"type\":\"subscribe\",\"devices\":\"all\",\"cursor\":\"%s\"}", text);
	for (int k = 0; k < 2; k++) { /* the second time with history */
		closed = 0;
		hear(message);
		finish(&asking);
		finish(&reading);
		ck_assert_ptr_nonnull(strstr(next(), k ? "\"recovered\":true" : "\"recovered\":false"));
		hear("{\"type\":\"unsubscribe\",\"devices\":\"all\"}");
		viewer_forget_outbox(viewer);
		limits.history = true;
	}
	stop();
}
END_TEST

START_TEST(a_blurred_link)
{
	struct limits l = WINDOW;

	start();
	l.blur = 5;
	struct watch *w = watch_by_link(&l);
	offer(w, 1000, 0, false);
	ck_assert(is(next(), "{\"type\":\"positions\",\"positions\":[{"));
	ck_assert_ptr_null(strstr(sent, "50.1703"));
	ck_assert_ptr_null(strstr(sent, "received"));
	ck_assert_ptr_nonnull(strstr(sent, "\"accuracy\":"));
	stop();
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("viewer");
	TCase *t = tcase_create("viewer");

	tcase_add_test(t, a_stray_reaches_one_who_is_ahead);
	tcase_add_test(t, a_device_is_added_to_one_who_is_ahead);
	tcase_add_test(t, what_is_not_found_is_named_as_a_whole_text);
	tcase_add_test(t, access_ends_while_the_past_is_read);
	tcase_add_test(t, access_ends_while_auth_is_asked);
	tcase_add_test(t, access_ends_before_the_snapshot_is_sent);
	tcase_add_test(t, positions_are_held_back_while_auth_does_not_answer);
	tcase_add_test(t, auth_cannot_say);
	tcase_add_test(t, nothing_waits_is_not_slow);
	tcase_add_test(t, a_link_shows_its_window);
	tcase_add_test(t, a_snapshot_is_of_the_window_too);
	tcase_add_test(t, a_link_that_is_not_live);
	tcase_add_test(t, what_a_link_shows_changes);
	tcase_add_test(t, a_link_ends);
	tcase_add_test(t, a_link_has_ended_meanwhile);
	tcase_add_test(t, a_live_link_is_not_told_what_it_missed);
	tcase_add_test(t, a_blurred_link);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(suite)
