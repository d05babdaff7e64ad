/* Source: query/live/ring.c, update.c */
#include "query/access/device_set.h"
#include "query/live/ring.h"
#include "tests/lib/unit.h"
#include "tests/query/live/make.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

static struct ring *ring;

static void open_ring(int64_t records, int64_t bytes, int64_t devices)
{
	const struct ring_options o = { records, bytes, devices };
	ck_assert_int_eq(ring_open(&ring, 2, &o), 0);
}

static struct update *append(uint32_t n, int64_t time_ms, int64_t offset)
{
	static struct update *u;
	u = make_update(n, time_ms, 1000 + offset, 1, offset);
	ring_append(ring, u);
	update_unref(u); /* the ring's reference keeps it */
	return u;
}

static struct place place_at(int64_t next)
{
	return (struct place){ next, (uint32_t)((next - 1) * 7919 + 1 + 1) }; /* as make_update() has it */
}

static int find(int64_t next)
{
	bool sure;
	int r = ring_find(ring, 1, place_at(next), &sure);
	ck_assert(r || sure);
	return r;
}

/* The offsets that ring_read() gives for devices 1 and 2, as text. */
static const char *reads(int64_t from, int64_t to, size_t max, int result)
{
	static char text[512];
	const struct uuid ids[] = { device(1), device(2) };
	struct device_set *wanted = device_set_new(ids, 2);
	struct update *out[64];
	size_t n = 0;

	ck_assert_int_eq(ring_read(ring, 1, from, to, wanted, out, &n, max), result);
	text[0] = '\0';
	for (size_t i = 0; i < n; i++) {
		snprintf(text + strlen(text), 16, "%s%d", i ? " " : "", (int)out[i]->offset);
		update_unref(out[i]);
	}
	device_set_unref(wanted);
	return text;
}

START_TEST(read_from_any_place_it_has)
{
	open_ring(5, 1 << 20, 100);
	ring_begin(ring, 1, 100);
	ck_assert_int_eq(ring_end(ring, 1).next, 100);
	ck_assert_uint_eq(ring_end(ring, 1).check, 0);
	for (int64_t o = 100; o < 108; o++)
		append(1 + (uint32_t)o % 3, o, o); /* devices 2 3 1 2 3 1 2 3 */
	ck_assert_int_eq(ring_end(ring, 1).next, 108);
	ck_assert_uint_eq(ring_end(ring, 1).check, place_at(108).check);
	/* 103 to 107 are left */
	ck_assert_int_eq(find(102), RING_E_OLD);
	ck_assert_int_eq(find(103), 0); /* the check of what was forgotten last is kept */
	ck_assert_int_eq(find(105), 0);
	ck_assert_int_eq(find(108), 0);
	ck_assert_int_eq(find(109), RING_E_AHEAD);
	ck_assert_str_eq(reads(103, 108, 64, 0), "103 105 106");
	ck_assert_str_eq(reads(105, 106, 64, 0), "105");
	ck_assert_str_eq(reads(108, 108, 64, 0), "");
	ck_assert_str_eq(reads(102, 108, 64, RING_E_OLD), "");
	ck_assert_str_eq(reads(103, 108, 2, RING_E_MANY), "103 105");
	ring_unref(ring);
}
END_TEST

START_TEST(another_history_is_noticed)
{
	bool sure;

	open_ring(10, 1 << 20, 100);
	ring_begin(ring, 1, 0);
	for (int64_t o = 0; o < 5; o++)
		append(1, o, o);
	struct place other = place_at(3);
	other.check++;
	ck_assert_int_eq(ring_find(ring, 1, other, &sure), RING_E_OTHER);
	ck_assert_int_eq(ring_find(ring, 1, (struct place){ 3, 0 }, &sure), 0); /* nothing to compare */
	ck_assert(!sure);
	ck_assert_int_eq(ring_find(ring, 1, (struct place){ 0, 0 }, &sure), 0);
	ck_assert(!sure);
	ck_assert_int_eq(ring_find(ring, 1, (struct place){ 0, 77 }, &sure), RING_E_OLD); /* not to be compared */
	ring_unref(ring);
}
END_TEST

START_TEST(offsets_with_holes)
{
	open_ring(10, 1 << 20, 100);
	ring_begin(ring, 1, 10);
	append(1, 1, 12);
	append(1, 2, 15);
	append(1, 3, 16);
	ck_assert_int_eq(find(13), 0);
	ck_assert_int_eq(find(15), RING_E_OTHER); /* nobody was told of 14 */
	ck_assert_int_eq(find(16), 0);
	ck_assert_str_eq(reads(10, 99, 64, 0), "12 15 16");
	ck_assert_str_eq(reads(13, 16, 64, 0), "15");
	ring_unref(ring);
}
END_TEST

START_TEST(bounded_by_bytes)
{
	struct update *u = make_update(1, 1, 1, 1, 1);
	size_t size = update_size(u), records, bytes, devices;

	update_unref(u);
	open_ring(1000, (int64_t)(2 * 3 * size + size), 100); /* of two partitions: three records each, and a bit */
	ring_begin(ring, 1, 0);
	for (int64_t o = 0; o < 50; o++)
		append(1, 1000 + o, o);
	ring_fill(ring, &records, &bytes, &devices);
	ck_assert_uint_eq(records, 3);
	ck_assert_uint_le(bytes, 4 * size);
	ck_assert_uint_eq(devices, 1);
	ring_unref(ring);
}
END_TEST

START_TEST(late_and_first)
{
	struct update *u;

	open_ring(2, 1 << 20, 100);
	ring_begin(ring, 1, 0);
	u = append(1, 500, 0);
	ck_assert(u->first && !u->late);
	u = append(1, 400, 1);
	ck_assert(!u->first && u->late);
	u = append(2, 100, 2);
	ck_assert(u->first && !u->late);
	append(2, 101, 3);
	append(2, 102, 4); /* all of device 1 has left the ring, and is remembered */
	u = append(1, 450, 5);
	ck_assert(!u->first && u->late);
	u = append(1, 500, 6); /* as new as the newest is not late */
	ck_assert(!u->late);
	u = append(1, 501, 7);
	ck_assert(!u->late);
	ring_unref(ring);
}
END_TEST

static int64_t newest(uint32_t n)
{
	struct uuid id = device(n);
	struct update *u = ring_newest(ring, 1, &id, INT64_MAX);
	int64_t time_ms = u ? u->time_ms : -1;
	update_unref(u);
	return time_ms;
}

START_TEST(the_newest_of_each_device)
{
	open_ring(3, 1 << 20, 4); /* two devices in each partition */
	ring_begin(ring, 1, 0);
	append(1, 500, 0);
	append(1, 400, 1);
	append(2, 100, 2);
	append(2, 200, 3);
	append(2, 300, 4);
	append(2, 250, 5);
	ck_assert_int_eq(newest(1), 500);
	ck_assert_int_eq(newest(2), 300);
	ck_assert_int_eq(newest(3), -1);
	append(3, 10, 6); /* one too many: device 1 was heard of longest ago */
	ck_assert_int_eq(newest(1), -1);
	ck_assert_int_eq(newest(2), 300);
	ck_assert_int_eq(newest(3), 10);
	ck_assert(append(1, 50, 7)->first);
	ring_unref(ring);
}
END_TEST

static int64_t newest_before(uint32_t n, int64_t before)
{
	struct uuid id = device(n);
	struct update *u = ring_newest(ring, 1, &id, before);
	int64_t time_ms = u ? u->time_ms : -1;
	update_unref(u);
	return time_ms;
}

START_TEST(the_newest_before_a_place)
{
	struct uuid one = device(1);

	open_ring(6, 1 << 20, 100);
	ring_begin(ring, 1, 0);
	append(1, 100, 0);
	append(2, 100, 1);
	append(1, 300, 2);
	append(1, 200, 3); /* late */
	append(1, 400, 4);
	ck_assert_int_eq(newest_before(1, 0), -1);
	ck_assert_int_eq(newest_before(1, 1), 100);
	ck_assert_int_eq(newest_before(1, 2), 100);
	ck_assert_int_eq(newest_before(1, 3), 300);
	ck_assert_int_eq(newest_before(1, 4), 300); /* the late one is not the newest */
	ck_assert_int_eq(newest_before(1, 5), 400);
	ck_assert_int_eq(newest_before(2, 1), -1); /* its first comes later */
	ck_assert(ring_has(ring, 1, &one, 3, 200));
	ck_assert(ring_has(ring, 1, &one, 3, 400));
	ck_assert(!ring_has(ring, 1, &one, 3, 300));
	ck_assert(!ring_has(ring, 1, &one, 0, 101));
	for (int64_t o = 5; o < 11; o++) /* all the others have left */
		append(1, 400 + o, o);
	ck_assert_int_eq(newest_before(1, 5), 410); /* there was one; this is the nearest that is known */
	ring_unref(ring);
}
END_TEST

static void append_contact(uint32_t n, int64_t received_ms, int64_t offset)
{
	static char buf[POSITION_JSON_SIZE_MAX];
	struct text t = text_in(buf, sizeof buf);
	struct position p = { .device = device(n), .time_ms = 5, .received_ms = received_ms };
	struct update *u = update_new(&p, &t);

	ck_assert_uint_eq(u->len, 0);
	u->partition = 1;
	u->offset = offset;
	u->check = 5;
	ring_append(ring, u);
	update_unref(u);
}

START_TEST(contacts_and_poison_move_the_place_only)
{
	static char buf[16];
	struct text t = text_in(buf, sizeof buf);
	struct update *poison = update_new(NULL, &t);

	open_ring(10, 1 << 20, 100);
	ring_begin(ring, 1, 0);
	append_contact(1, 1000, 0);
	poison->partition = 1;
	poison->offset = 1;
	poison->check = 9;
	ring_append(ring, poison);
	update_unref(poison);
	struct update *u = append(1, 1, 2);
	ck_assert(u->first && !u->late);
	ck_assert_str_eq(reads(0, 9, 64, 0), "2");
	bool sure;
	ck_assert_int_eq(ring_find(ring, 1, (struct place){ 2, 9 }, &sure), 0);
	ck_assert(sure);
	ring_unref(ring);
}
END_TEST

START_TEST(settled)
{
	struct uuid one = device(1), two = device(2), stranger = device(7), probes[5];

	open_ring(10, 1 << 20, 100);
	ck_assert(!ring_settled(ring, 0));
	ck_assert_uint_eq(ring_probes(ring, 0, probes, 5), 0);
	ck_assert(!ring_settled(ring, 0)); /* nothing came, but the broker may only be away */
	ring_begin_empty(ring, 0);
	ck_assert(ring_settled(ring, 0));
	ring_begin(ring, 1, 0);
	ck_assert(ring_settled(ring, 1)); /* nothing before it */

	ring_begin(ring, 1, 100);
	ck_assert(!ring_settled(ring, 1));
	append(1, 1, 100); /* received at 1100 */
	append(2, 1, 101);
	append(1, 2, 102);
	ck_assert_uint_eq(ring_probes(ring, 1, probes, 5), 2);
	ck_assert_uint_eq(ring_probes(ring, 1, probes, 1), 1);
	ck_assert(uuid_same(&probes[0], &two)); /* heard of longest ago */
	ring_stored(ring, 1, &one, 1099);
	ck_assert(!ring_settled(ring, 1));
	ring_stored(ring, 1, &stranger, 9999); /* never heard of here: says nothing */
	ck_assert(!ring_settled(ring, 1));
	ring_stored(ring, 1, &one, 1100);
	ck_assert(ring_settled(ring, 1));
	ring_unref(ring);
}
END_TEST

START_TEST(aging)
{
	open_ring(10, 1 << 20, 100);
	ring_begin(ring, 1, 0);
	for (int64_t o = 0; o < 10; o++)
		append(1, o, o);
	ck_assert(!ring_is_aging(ring, 1, 0)); /* it has forgotten nothing yet */
	for (int64_t o = 10; o < 20; o++)
		append(1, o, o);
	ck_assert(ring_is_aging(ring, 1, 14)); /* it has 10 to 19 */
	ck_assert(!ring_is_aging(ring, 1, 15));
	ring_unref(ring);
}
END_TEST

START_TEST(checks)
{
	uint32_t c = record_check("key", 3, "value", 5, 7, 9);

	ck_assert_uint_ne(c, 0);
	ck_assert_uint_eq(record_check("key", 3, "value", 5, 7, 9), c);
	ck_assert_uint_ne(record_check("kez", 3, "value", 5, 7, 9), c);
	ck_assert_uint_ne(record_check("key", 3, "valuf", 5, 7, 9), c);
	ck_assert_uint_ne(record_check("key", 3, "value", 5, 8, 9), c);
	ck_assert_uint_ne(record_check("key", 3, "value", 5, 7, 10), c);
	ck_assert_uint_ne(record_check("keyv", 4, "alue", 4, 7, 9), c);
	ck_assert_uint_ne(record_check(NULL, 0, NULL, 0, 7, 9), 0);
}
END_TEST

/* ---- one writes, several read ---- */

static _Atomic bool done;

static void *read_all(void *arg)
{
	struct uuid id = device(1);
	struct device_set *wanted = device_set_new(&id, 1);
	struct update *out[64];
	int64_t last = 0;

	(void)arg;
	while (!done) {
		size_t n = 0;
		struct place end = ring_end(ring, 1);
		ck_assert_int_ge(end.next, last);
		last = end.next;
		int r = ring_read(ring, 1, end.next > 20 ? end.next - 20 : 0, end.next, wanted, out, &n, 64);
		ck_assert(r == 0 || r == RING_E_OLD);
		for (size_t i = 1; i < n; i++)
			ck_assert_int_eq(out[i]->offset, out[i - 1]->offset + 1);
		for (size_t i = 0; i < n; i++)
			update_unref(out[i]);
		update_unref(ring_newest(ring, 1, &id, INT64_MAX));
	}
	device_set_unref(wanted);
	return NULL;
}

START_TEST(threads)
{
	pthread_t readers[3];

	open_ring(50, 1 << 20, 100);
	ring_begin(ring, 1, 0);
	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(pthread_create(&readers[i], NULL, read_all, NULL), 0);
	for (int64_t o = 0; o < 20000; o++)
		append(1, o, o);
	done = true;
	for (int i = 0; i < 3; i++)
		pthread_join(readers[i], NULL);
	ring_unref(ring);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("ring");
	TCase *t = tcase_create("ring");

	tcase_set_timeout(t, 30);
	tcase_add_test(t, read_from_any_place_it_has);
	tcase_add_test(t, another_history_is_noticed);
	tcase_add_test(t, offsets_with_holes);
	tcase_add_test(t, bounded_by_bytes);
	tcase_add_test(t, late_and_first);
	tcase_add_test(t, the_newest_of_each_device);
	tcase_add_test(t, the_newest_before_a_place);
	tcase_add_test(t, contacts_and_poison_move_the_place_only);
	tcase_add_test(t, settled);
	tcase_add_test(t, aging);
	tcase_add_test(t, checks);
	tcase_add_test(t, threads);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(suite)
