#include "fakes.h"
#include "records.h"
#include "ingest/writer/batch.h"
#include "ingest/writer/lane.h"
#include "ingest/writer/offsets.h"
#include "tests/lib/failing_alloc.h"
#include "tests/lib/unit.h"

#include <errno.h>
#include <string.h>

static struct batch batch;

static void setup(void)
{
	fakes_reset();
	ck_assert_int_eq(batch_open(&batch, 4), 0);
}

static void teardown(void)
{
	batch_close(&batch);
	fakes_reset();
}

static void add_fix(uint8_t n, int32_t partition, int64_t offset)
{
	struct position p = fix(n, 1700000000000 + offset);
	struct bus_record r = record_of(&p, partition, offset);

	ck_assert_int_eq(batch_add(&batch, &r, offset), 0);
}

START_TEST(a_fix_becomes_a_document)
{
	bson_t doc;
	bson_iter_t i;

	add_fix(1, 0, 5);
	add_fix(2, 0, 6);
	ck_assert_uint_eq(batch.n, 2);
	ck_assert_int_eq(batch.opened_ms, 5);
	for (size_t k = 0; k < 2; k++) {
		const struct entry *e = &batch.entries[k];
		ck_assert_ptr_null(e->poison);
		ck_assert(e->report.has_fix);
		ck_assert_int_eq(e->report.time_ms, 1700000000005 + (int64_t)k);
		ck_assert_int_eq(e->report.contact_ms, 1700000001005 + (int64_t)k);
		ck_assert(batch_document(&batch, e, &doc));
		ck_assert(bson_iter_init_find(&i, &doc, "received"));
		ck_assert_int_eq(bson_iter_date_time(&i), e->report.contact_ms);
	}
}
END_TEST

START_TEST(a_contact_has_none)
{
	struct position p = contact(1, 77);
	bson_t doc;

	p.has = POSITION_BATTERY;
	p.battery_pct = 12.5f;
	struct bus_record r = record_of(&p, 0, 1);
	ck_assert_int_eq(batch_add(&batch, &r, 1), 0);
	const struct entry *e = &batch.entries[0];
	ck_assert_ptr_null(e->poison);
	ck_assert(!batch_document(&batch, e, &doc));
	ck_assert(!e->report.has_fix && e->report.has_battery);
	ck_assert(e->report.battery_pct == 12.5);
	ck_assert_int_eq(e->report.contact_ms, 77);
}
END_TEST

START_TEST(poison_is_recognised)
{
	struct position p = fix(1, 5);
	struct bus_record other_key = record_of(&p, 0, 1), short_key = record_of(&p, 0, 2),
			  no_key = record_of(&p, 0, 3);
	struct bus_record malformed = record_with(1, "\x0a\x01", 2, 0, 4);

	memset(other_key.impl, 9, 16);
	short_key.key_len = 15;
	no_key.key = NULL;
	no_key.key_len = 0;
	ck_assert_int_eq(batch_add(&batch, &other_key, 1), 0);
	ck_assert_int_eq(batch_add(&batch, &short_key, 1), 0);
	ck_assert_int_eq(batch_add(&batch, &no_key, 1), 0);
	ck_assert_int_eq(batch_add(&batch, &malformed, 1), 0);
	ck_assert(batch_full(&batch));
	ck_assert_str_eq(batch.entries[0].poison, POISON_KEY);
	ck_assert_str_eq(batch.entries[1].poison, POISON_KEY);
	ck_assert_str_eq(batch.entries[2].poison, POISON_KEY);
	ck_assert_str_eq(batch.entries[3].poison, POISON_MALFORMED);
	batch_clear(&batch);
	struct bus_record empty = record_with(1, NULL, 0, 0, 5);
	ck_assert_int_eq(batch_add(&batch, &empty, 1), 0);
	ck_assert_str_eq(batch.entries[0].poison, POISON_EMPTY);
}
END_TEST

/* Values past their bounds, but for which the record is in order. */
START_TEST(values_out_of_bounds_are_poison)
{
	struct position rows[] = { fix(1, 5), fix(1, 5), fix(1, -1), fix(1, 5) };

	rows[0].lat_e7 = 900000001;
	rows[1].lon_e7 = -1800000001;
	rows[3].has |= POSITION_BATTERY;
	rows[3].battery_pct = 101;
	for (size_t i = 0; i < 4; i++) {
		struct bus_record r = record_of(&rows[i], 0, 1);
		ck_assert_int_eq(batch_add(&batch, &r, 1), 0);
		ck_assert_str_eq(batch.entries[i].poison, POISON_MALFORMED);
	}
}
END_TEST

START_TEST(records_are_freed_once)
{
	add_fix(1, 0, 1);
	add_fix(2, 1, 2);
	add_fix(3, 0, 3);
	ck_assert_uint_eq(batch_drop(&batch, (const int32_t[]){ 2, 0 }, 2), 2);
	ck_assert_uint_eq(fake_kafka.freed, 2);
	ck_assert_uint_eq(batch.n, 1);
	ck_assert_int_eq(batch.entries[0].record.offset, 2);
	batch_clear(&batch);
	ck_assert_uint_eq(fake_kafka.freed, 3);
	ck_assert_uint_eq(batch.n, 0);
}
END_TEST

START_TEST(offsets_go_forward)
{
	struct offsets o = { 0 };
	int32_t partition;

	ck_assert_int_eq(offsets_take(&o, &partition), -1);
	ck_assert_int_eq(offsets_note(&o, 5, 10), 0);
	ck_assert_int_eq(offsets_note(&o, 5, 9), 0);
	ck_assert_int_eq(offsets_note(&o, 0, 0), 0);
	ck_assert_int_eq(offsets_note(&o, 2, 7), 0);
	offsets_drop(&o, 2);
	offsets_drop(&o, 99);
	ck_assert_int_eq(offsets_take(&o, &partition), 0);
	ck_assert_int_eq(partition, 0);
	ck_assert_int_eq(offsets_take(&o, &partition), 10);
	ck_assert_int_eq(partition, 5);
	ck_assert_int_eq(offsets_take(&o, &partition), -1);
	offsets_free(&o);
}
END_TEST

static void on_fault(void *owner, size_t index, int r, const char *why)
{
	(void)why;
	*(int *)owner = r * 100 + (int)index;
}

START_TEST(a_lane_answers)
{
	struct lane *l;
	bson_t doc = BSON_INITIALIZER;
	int fault = 0;

	ck_assert_int_eq(lane_open(&l, NULL, "positions"), 0);
	ck_assert_int_eq(lane_wait(l), 0);
	ck_assert(lane_rests(l));
	for (int i = 0; i < 5; i++) {
		ck_assert_int_eq(store_bulk_insert(lane_bulk(l), &doc), 0);
		fake_positions.result = i == 2 ? STORE_E_RETRY : 0;
		fake_positions.poison = i == 4 ? 0 : -1;
		lane_send(l, on_fault, &fault);
		ck_assert_int_eq(lane_wait(l), i == 2 ? STORE_E_RETRY : 0);
		ck_assert_int_eq(lane_wait(l), i == 2 ? STORE_E_RETRY : 0);
		ck_assert_str_eq(lane_last_error(l), i == 2 ? "the fake says so" : "");
	}
	ck_assert_uint_eq(fake_positions.n, 3);
	ck_assert_int_eq(fault, STORE_E_POISON * 100);
	lane_close(l);
	lane_close(NULL);
}
END_TEST

START_TEST(no_memory_is_reported)
{
	struct batch b = { 0 };
	struct lane *l = NULL;
	struct offsets o = { 0 };
	struct position p = fix(1, 5);
	struct bus_record r = record_of(&p, 0, 1);

	for (size_t n = 1; failing_alloc_more(n); n++) {
		int e = batch_open(&b, 4);
		bool failed = failing_alloc_happened();
		if (!failed)
			failing_alloc_at(0); /* Check allocates too */
		ck_assert_int_eq(e, failed ? -ENOMEM : 0);
	}
	for (size_t n = 1; failing_alloc_more(n); n++) {
		int e = lane_open(&l, NULL, "positions");
		bool failed = failing_alloc_happened();
		if (!failed)
			failing_alloc_at(0);
		ck_assert_int_eq(e, failed ? -ENOMEM : 0);
	}
	failing_alloc_at(1);
	int e = batch_add(&b, &r, 1);
	failing_alloc_at(0);
	ck_assert_int_eq(e, -ENOMEM);
	ck_assert_uint_eq(b.n, 0); /* the record still is the caller's */
	ck_assert_int_eq(batch_add(&b, &r, 1), 0);
	failing_alloc_at(1);
	e = offsets_note(&o, 3, 1);
	failing_alloc_at(0);
	ck_assert_int_eq(e, -ENOMEM);
	lane_close(l);
	batch_close(&b);
	batch_close(&b);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("writer batch");
	TCase *t = tcase_create("batch");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, a_fix_becomes_a_document);
	tcase_add_test(t, a_contact_has_none);
	tcase_add_test(t, poison_is_recognised);
	tcase_add_test(t, values_out_of_bounds_are_poison);
	tcase_add_test(t, records_are_freed_once);
	tcase_add_test(t, offsets_go_forward);
	tcase_add_test(t, a_lane_answers);
	tcase_add_test(t, no_memory_is_reported);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(suite)
