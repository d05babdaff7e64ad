#include "records.h"
#include "ingest/writer/newest.h"
#include "tests/lib/failing_alloc.h"
#include "tests/lib/unit.h"

#include <errno.h>
#include <string.h>

static struct newest *table;

static void setup(void)
{
	ck_assert_int_eq(newest_open(&table), 0);
}

static void teardown(void)
{
	newest_close(table);
}

/* A fix as the writer notes it; its document says only @mark. */
static int note_fix(uint8_t n, int64_t time_ms, int64_t contact_ms, int32_t mark)
{
	struct report r = { .device = device(n), .has_fix = true, .time_ms = time_ms, .contact_ms = contact_ms };
	bson_t *doc = BCON_NEW("mark", BCON_INT32(mark));
	int e = newest_note(table, &r, bson_get_data(doc), doc->len);

	bson_destroy(doc);
	return e;
}

static int note_contact(uint8_t n, int64_t contact_ms, double battery_pct)
{
	struct report r = { .device = device(n), .contact_ms = contact_ms };

	r.has_battery = battery_pct > 0;
	r.battery_pct = battery_pct;
	return newest_note(table, &r, NULL, 0);
}

static const struct report *only(int32_t mark)
{
	bson_t view;
	const bson_t *fix;
	bson_iter_t i;

	ck_assert_uint_eq(newest_devices(table), 1);
	const struct report *r = newest_at(table, 0, &view, &fix);
	ck_assert_int_eq(r->has_fix, mark != 0);
	ck_assert_int_eq(fix != NULL, mark != 0);
	if (fix) {
		ck_assert(bson_iter_init_find(&i, fix, "mark"));
		ck_assert_int_eq(bson_iter_int32(&i), mark);
	}
	return r;
}

START_TEST(the_newest_fix_stays)
{
	static const struct {
		int64_t times[3];
		int32_t mark;
	} rows[] = {
		{ { 10, 20, 30 }, 3 }, { { 30, 20, 10 }, 1 }, { { 10, 30, 20 }, 2 },
		{ { 10, 10, 10 }, 1 }, /* the first of a time, as MongoDB keeps it */
	};

	for (int32_t i = 0; i < 3; i++)
		ck_assert_int_eq(note_fix(1, rows[_i].times[i], 100 + i, i + 1), 0);
	ck_assert_int_eq(only(rows[_i].mark)->contact_ms, 102);
}
END_TEST

START_TEST(contact_only_moves_forward)
{
	ck_assert_int_eq(note_fix(1, 10, 200, 1), 0);
	ck_assert_int_eq(note_fix(1, 20, 150, 2), 0);
	ck_assert_int_eq(note_contact(1, 100, 0), 0);
	const struct report *r = only(2);
	ck_assert_int_eq(r->contact_ms, 200);
	ck_assert_int_eq(r->time_ms, 20);
}
END_TEST

START_TEST(a_contact_keeps_the_fix)
{
	ck_assert_int_eq(note_fix(1, 10, 11, 1), 0);
	ck_assert_int_eq(note_contact(1, 50, 0), 0);
	const struct report *r = only(1);
	ck_assert_int_eq(r->contact_ms, 50);
	ck_assert_int_eq(r->time_ms, 10);
}
END_TEST

START_TEST(a_fix_may_follow_a_contact)
{
	ck_assert_int_eq(note_contact(1, 50, 0), 0);
	only(0);
	ck_assert_int_eq(note_fix(1, 10, 60, 1), 0);
	ck_assert_int_eq(only(1)->contact_ms, 60);
}
END_TEST

START_TEST(the_battery_is_the_newest_said)
{
	ck_assert_int_eq(note_contact(1, 50, 40), 0);
	ck_assert(only(0)->has_battery && only(0)->battery_pct == 40);
	ck_assert_int_eq(note_contact(1, 40, 90), 0); /* older */
	ck_assert(only(0)->battery_pct == 40);
	ck_assert_int_eq(note_contact(1, 60, 0), 0); /* says nothing of it */
	ck_assert(only(0)->has_battery && only(0)->battery_pct == 40);
	ck_assert_int_eq(note_fix(1, 70, 71, 1), 0); /* has its own, or none */
	ck_assert(!only(1)->has_battery);
	ck_assert_int_eq(note_contact(1, 80, 30), 0);
	ck_assert(only(1)->has_battery && only(1)->battery_pct == 30);
}
END_TEST

/* Past several growths of the table, with fixes of changing length. */
START_TEST(many_devices_are_kept_apart)
{
	enum { DEVICES = 20000 };
	bson_t view;
	const bson_t *fix;
	bson_iter_t it;

	for (int round = 0; round < 3; round++)
		for (uint32_t i = 0; i < DEVICES; i++) {
			struct report r = { .has_fix = true, .time_ms = round, .contact_ms = (int64_t)i };
			memcpy(r.device.b, &i, sizeof(i));
			bson_t *doc = BCON_NEW("mark", BCON_INT32((int32_t)i), "more", round == 1 ? "longer" : "");
			ck_assert_int_eq(newest_note(table, &r, bson_get_data(doc), doc->len), 0);
			bson_destroy(doc);
		}
	ck_assert_uint_eq(newest_devices(table), DEVICES);
	for (uint32_t i = 0; i < DEVICES; i++) {
		const struct report *r = newest_at(table, i, &view, &fix);
		ck_assert_mem_eq(r->device.b, &i, sizeof(i));
		ck_assert_int_eq(r->time_ms, 2);
		ck_assert(bson_iter_init_find(&it, fix, "mark"));
		ck_assert_int_eq(bson_iter_int32(&it), (int32_t)i);
	}
	newest_clear(table);
	ck_assert_uint_eq(newest_devices(table), 0);
	ck_assert_uint_eq(newest_bytes(table), 0);
	ck_assert_int_eq(note_fix(1, 5, 6, 1), 0);
	ck_assert_int_eq(only(1)->time_ms, 5);
}
END_TEST

START_TEST(no_memory_is_reported)
{
	struct newest *t = NULL;
	static const uint8_t doc[8192];

	for (size_t n = 1; failing_alloc_more(n); n++) {
		int r = newest_open(&t);
		bool failed = failing_alloc_happened();
		if (!failed)
			failing_alloc_at(0); /* Check allocates too */
		ck_assert_int_eq(r, failed ? -ENOMEM : 0);
	}
	for (uint32_t i = 0; i < 10000; i++) {
		struct report r = { .has_fix = true, .time_ms = 1 };
		memcpy(r.device.b, &i, sizeof(i));
		size_t before = newest_devices(t);
		failing_alloc_at(1);
		int e = newest_note(t, &r, doc, i % 1000 ? 5 : sizeof(doc));
		bool failed = failing_alloc_happened();
		failing_alloc_at(0);
		ck_assert_int_eq(e, failed ? -ENOMEM : 0);
		ck_assert_uint_eq(newest_devices(t), before + !failed);
		if (failed)
			ck_assert_int_eq(newest_note(t, &r, doc, 5), 0);
	}
	newest_close(t);
	newest_close(NULL);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("writer newest");
	TCase *t = tcase_create("newest");

	tcase_set_timeout(t, 30);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, the_newest_fix_stays, 0, 4);
	tcase_add_test(t, contact_only_moves_forward);
	tcase_add_test(t, a_contact_keeps_the_fix);
	tcase_add_test(t, a_fix_may_follow_a_contact);
	tcase_add_test(t, the_battery_is_the_newest_said);
	tcase_add_test(t, many_devices_are_kept_apart);
	tcase_add_test(t, no_memory_is_reported);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(suite)
