/* Source: query/live/watch.c. A hub without a loop. */
#include "query/live/hub_internal.h"
#include "query/live/partition.h"
#include "tests/lib/unit.h"
#include "tests/query/live/make.h"

enum { PARTITIONS = 3, VIEWERS = 20, DEVICES = 30 };

static struct hub hub;
static struct place places[PARTITIONS];
static struct viewer viewers[VIEWERS];

static void open_hub(void)
{
	const struct ring_options o = { 10, 1 << 20, 100 };

	ck_assert_int_eq(ring_open(&hub.ring, PARTITIONS, &o), 0);
	ck_assert_int_eq(uuid_map_open(&hub.devices), 0);
	hub.places = places;
	for (int i = 0; i < PARTITIONS; i++)
		places[i] = (struct place){ 100 + i, (uint32_t)(7 + i) };
	for (int i = 0; i < VIEWERS; i++) {
		viewers[i].hub = &hub;
		TAILQ_INIT(&viewers[i].watches);
	}
}

static void close_hub(void)
{
	for (int i = 0; i < VIEWERS; i++) {
		watch_remove_all(&viewers[i]);
		ck_assert_uint_eq(viewers[i].sum, 0);
		ck_assert_uint_eq(viewers[i].places_n, 0);
		free(viewers[i].places);
	}
	ck_assert_uint_eq(hub.devices.n, 0);
	ck_assert_uint_eq(hub.watches_n, 0);
	uuid_map_close(&hub.devices);
	ring_unref(hub.ring);
}

static struct watch *add(int viewer, uint32_t n)
{
	struct uuid id = device(n);
	return watch_add(&viewers[viewer], &id);
}

static struct watch *find(int viewer, uint32_t n)
{
	struct uuid id = device(n);
	return watch_find(&viewers[viewer], &id);
}

START_TEST(everybody_watches_everything)
{
	open_hub();
	for (int v = 0; v < VIEWERS; v++)
		for (uint32_t d = 0; d < DEVICES; d++)
			ck_assert_ptr_nonnull(add(v, d));
	ck_assert_uint_eq(hub.devices.n, DEVICES);
	ck_assert_uint_eq(hub.watches_n, VIEWERS * DEVICES);
	for (int v = 0; v < VIEWERS; v++)
		for (uint32_t d = 0; d < DEVICES; d++) {
			struct watch *w = find(v, d);
			ck_assert_ptr_eq(w->viewer, &viewers[v]);
			ck_assert_ptr_eq(w->device->watches[w->at], w);
			ck_assert_uint_eq(w->device->watches_n, VIEWERS);
		}
	ck_assert_uint_eq(viewers[0].places_n, PARTITIONS);
	ck_assert_uint_eq(viewers[0].sum, viewers[7].sum);
	close_hub();
}
END_TEST

START_TEST(twice_is_once)
{
	open_hub();
	struct watch *w = add(0, 1);
	ck_assert(w->is_new);
	w->is_new = false;
	ck_assert_ptr_eq(add(0, 1), w);
	ck_assert(w->is_new); /* its past is read again */
	ck_assert_uint_eq(viewers[0].watches_n, 1);
	ck_assert_uint_eq(viewers[0].places[0].watches, 1);
	close_hub();
}
END_TEST

START_TEST(places_come_and_go_with_their_devices)
{
	uint32_t same = 2, other = 2;
	struct uuid one = device(1), id;

	for (id = device(same); partition_of(&id, PARTITIONS) != partition_of(&one, PARTITIONS); id = device(++same))
		;
	for (id = device(other); partition_of(&id, PARTITIONS) == partition_of(&one, PARTITIONS); id = device(++other))
		;
	open_hub();
	int32_t p = partition_of(&one, PARTITIONS);
	add(0, 1);
	ck_assert_int_eq(viewer_place(&viewers[0], p)->at.next, 100 + p); /* the hub's present place */
	places[p].next = 500;
	add(0, same);
	ck_assert_int_eq(viewer_place(&viewers[0], p)->at.next, 100 + p); /* not moved by another watch */
	add(0, other);
	ck_assert_uint_eq(viewers[0].places_n, 2);
	watch_remove(find(0, 1));
	ck_assert_ptr_nonnull(viewer_place(&viewers[0], p));
	watch_remove(find(0, same));
	ck_assert_ptr_null(viewer_place(&viewers[0], p));
	ck_assert_uint_eq(viewers[0].places_n, 1);
	close_hub();
}
END_TEST

START_TEST(removed_in_any_order)
{
	open_hub();
	for (int v = 0; v < VIEWERS; v++)
		add(v, 1);
	for (int v = 0; v < VIEWERS; v += 3)
		watch_remove(find(v, 1));
	for (int v = 0; v < VIEWERS; v++) {
		struct watch *w = find(v, 1);
		ck_assert_int_eq(w != NULL, v % 3 != 0);
		if (w)
			ck_assert_ptr_eq(w->device->watches[w->at], w);
	}
	close_hub();
}
END_TEST

START_TEST(what_waits_goes_too)
{
	const struct queue_limits limits = { 100, 1 << 20 };

	open_hub();
	struct watch *one = add(0, 1), *two = add(0, 2);
	for (int i = 0; i < 5; i++) {
		struct update *u = make_update(1, i, i, 0, i), *v = make_update(2, i, i, 0, 10 + i);
		ck_assert_int_eq(queue_put(&viewers[0].queue, &limits, u, &one->slot, 0), 0);
		ck_assert_int_eq(queue_put(&viewers[0].queue, &limits, v, &two->slot, 0), 0);
		update_unref(u);
		update_unref(v);
	}
	watch_remove(one);
	ck_assert_uint_eq(viewers[0].queue.n, 5);
	ck_assert_ptr_eq(queue_first(&viewers[0].queue)->slot, &two->slot);
	close_hub();
}
END_TEST

START_TEST(late)
{
	struct device d = { .stored_ms = INT64_MIN };
	struct update *u = make_update(1, 100, 1000, 0, 0);

	ck_assert(!device_is_late(&d, u));
	device_note_stored(&d, &(struct stored){ .time_ms = 200, .received_ms = 900 });
	ck_assert(device_is_late(&d, u)); /* a newer one came before it */
	device_note_stored(&d, &(struct stored){ .time_ms = 150, .received_ms = 100 }); /* an older answer */
	ck_assert_int_eq(d.stored_ms, 200);
	d.stored_received_ms = 1000; /* the newer one came after it, or with it */
	ck_assert(!device_is_late(&d, u));
	u->late = true; /* the ring knows */
	ck_assert(device_is_late(&d, u));
	update_unref(u);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("watch");
	TCase *t = tcase_create("watch");

	tcase_add_test(t, everybody_watches_everything);
	tcase_add_test(t, twice_is_once);
	tcase_add_test(t, places_come_and_go_with_their_devices);
	tcase_add_test(t, removed_in_any_order);
	tcase_add_test(t, what_waits_goes_too);
	tcase_add_test(t, late);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(suite)
