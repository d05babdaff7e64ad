/* Source: ingest/gateway/outgoing.c, on librdkafka's mock cluster. */
#include "ingest/gateway/outgoing.h"
#include "record/record.h"
#include "tests/lib/bus/cluster.h"
#include "tests/lib/failing_alloc.h"
#include "tests/lib/unit.h"

#include <errno.h>
#include <string.h>

static struct cluster *cluster;
static struct outgoing outgoing;
static int delivered, refused, last_result;
static uintptr_t opaques;

static void on_report(void *owner, void *opaque, int r)
{
	ck_assert_ptr_eq(owner, &outgoing);
	opaques += (uintptr_t)opaque;
	last_result = r;
	*(r == 0 ? &delivered : &refused) += 1;
}

static struct bus_producer *producer(int64_t queue_max)
{
	const struct bus_producer_options o = {
		.linger_ms = 1, .queue_max = queue_max, .delivered = on_report, .owner = &outgoing
	};
	struct bus_producer *p;

	ck_assert_int_eq(bus_producer_open(&p, &cluster->config, &o), 0);
	return p;
}

static void setup(void)
{
	cluster = cluster_open(2);
	ck_assert_int_eq(outgoing_open(&outgoing), 0);
}

static void teardown(void)
{
	outgoing_close(&outgoing);
	cluster_close(cluster);
}

static int add(uintptr_t opaque)
{
	struct position p = { .device = { { (uint8_t)opaque } }, .time_ms = 1, .received_ms = 2 };

	return outgoing_add(&outgoing, &p, (void *)opaque);
}

START_TEST(everything_arrives_with_its_opaque)
{
	struct bus_producer *p = producer(1000);

	ck_assert(outgoing_empty(&outgoing));
	for (uintptr_t i = 1; i <= 100; i++)
		ck_assert_int_eq(add(i), 0);
	outgoing_flush(&outgoing, p, "t", on_report, &outgoing);
	ck_assert(outgoing_empty(&outgoing));
	ck_assert_uint_eq(bus_producer_close(p, 10000), 0);
	ck_assert_int_eq(delivered, 100);
	ck_assert_uint_eq(opaques, 5050);
}
END_TEST

START_TEST(what_finds_no_room_waits_in_order)
{
	struct bus_producer *p = producer(10);

	for (uintptr_t i = 1; i <= 35; i++)
		ck_assert_int_eq(add(i), 0);
	for (int rounds = 0; !outgoing_empty(&outgoing); rounds++) {
		outgoing_flush(&outgoing, p, "t", on_report, &outgoing);
		ck_assert_uint_le(bus_producer_pending(p), 10);
		bus_producer_poll(p, 1000);
		ck_assert_int_lt(rounds, 100);
	}
	ck_assert_uint_eq(bus_producer_close(p, 10000), 0);
	ck_assert_int_eq(delivered, 35);
	ck_assert_uint_eq(opaques, 35 * 36 / 2);
}
END_TEST

START_TEST(a_frame_can_be_taken_back)
{
	struct bus_producer *p = producer(1000);

	ck_assert_int_eq(add(1), 0);
	size_t before = outgoing.used;
	ck_assert_int_eq(add(2), 0);
	outgoing_take_back(&outgoing, before);
	outgoing_flush(&outgoing, p, "t", on_report, &outgoing);
	ck_assert_uint_eq(bus_producer_close(p, 10000), 0);
	ck_assert_int_eq(delivered, 1);
	ck_assert_uint_eq(opaques, 1);
}
END_TEST

START_TEST(it_is_bounded)
{
	uintptr_t n = 0;
	int r;

	while ((r = add(1)) == 0)
		n++;
	ck_assert_int_eq(r, OUTGOING_E_FULL);
	ck_assert_uint_gt(n, 1000);
	ck_assert_uint_le(outgoing.used, outgoing.size);
	ck_assert_uint_eq(outgoing_fail(&outgoing, BUS_E_RETRY, on_report, &outgoing), n);
	ck_assert_int_eq(refused, (int)n);
	ck_assert_int_eq(last_result, BUS_E_RETRY);
	ck_assert_int_eq(add(1), 0);
}
END_TEST

START_TEST(no_record_holds_that)
{
	static char text[ATTRIBUTE_TEXT_MAX + 1];
	static struct attribute many[POSITION_ATTRIBUTES_MAX];
	struct position p = {
		.time_ms = 1, .received_ms = 2, .attributes = many, .attributes_n = POSITION_ATTRIBUTES_MAX
	};

	memset(text, 'x', ATTRIBUTE_TEXT_MAX);
	for (size_t i = 0; i < POSITION_ATTRIBUTES_MAX; i++)
		many[i] = (struct attribute){ "name", ATTRIBUTE_TEXT, { .text = text } };
	ck_assert_int_eq(outgoing_add(&outgoing, &p, NULL), 0); /* the largest that decoders make */
	static char huge[2 * RECORD_SIZE_MAX];
	memset(huge, 'x', sizeof huge - 1);
	many[0].text = huge;
	size_t before = outgoing.used;
	ck_assert_int_eq(outgoing_add(&outgoing, &p, NULL), OUTGOING_E_TOO_LARGE);
	ck_assert_uint_eq(outgoing.used, before);
}
END_TEST

START_TEST(a_topic_that_is_refused)
{
	struct bus_producer *p = producer(1000);
	char name[600];

	memset(name, 'x', sizeof name - 1); /* longer than any topic's */
	name[sizeof name - 1] = '\0';
	ck_assert_int_eq(add(7), 0);
	outgoing_flush(&outgoing, p, name, on_report, &outgoing);
	ck_assert(outgoing_empty(&outgoing));
	ck_assert_int_eq(refused, 1);
	ck_assert_uint_eq(opaques, 7);
	bus_producer_close(p, 1000);
}
END_TEST

START_TEST(without_memory)
{
	for (size_t n = 1; failing_alloc_more(n); n++) {
		struct outgoing o;
		int r = outgoing_open(&o);
		ck_assert_int_eq(r, failing_alloc_happened() ? -ENOMEM : 0);
		if (r == 0)
			outgoing_close(&o);
	}
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("outgoing");
	TCase *t = tcase_create("outgoing");

	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, everything_arrives_with_its_opaque);
	tcase_add_test(t, what_finds_no_room_waits_in_order);
	tcase_add_test(t, a_frame_can_be_taken_back);
	tcase_add_test(t, it_is_bounded);
	tcase_add_test(t, no_record_holds_that);
	tcase_add_test(t, a_topic_that_is_refused);
	tcase_add_test(t, without_memory);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(suite)
