/* Source: query/live/cursor.c, partition.c */
#include "base/text.h"
#include "query/live/cursor.h"
#include "query/live/partition.h"
#include "tests/lib/unit.h"

#include <errno.h>
#include <string.h>

static const struct cursor_place places[] = {
	{ 0, { 0, 0 } },
	{ 3, { 127, 1 } },
	{ 11, { 1234567890123, 0xFFFFFFFF } },
};
static const struct cursor_place proof = { 7, { 5, 99 } };

START_TEST(there_and_back)
{
	char text[CURSOR_TEXT_SIZE];
	static struct cursor c;
	size_t n = cursor_write(text, 12, 0xFEDCBA9876543210u, places, 3, _i ? &proof : NULL);

	ck_assert_uint_eq(n, strlen(text));
	ck_assert_uint_eq(strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"), n);
	ck_assert_int_eq(cursor_read(&c, text, n), 0);
	ck_assert_uint_eq(c.partitions, 12);
	ck_assert_uint_eq(c.devices, 0xFEDCBA9876543210u);
	ck_assert_uint_eq(c.n, 3 + (size_t)_i);
	ck_assert_int_eq(c.has_proof, _i);
	for (size_t i = 0; i < c.n; i++) {
		const struct cursor_place *p = i < 3 ? &places[i] : &proof;
		ck_assert_int_eq(c.places[i].partition, p->partition);
		ck_assert_int_eq(c.places[i].at.next, p->at.next);
		ck_assert_uint_eq(c.places[i].at.check, p->at.check);
	}
}
END_TEST

START_TEST(one_device_is_short)
{
	char text[CURSOR_TEXT_SIZE];

	ck_assert_uint_le(cursor_write(text, 12, UINT64_MAX, &places[1], 1, NULL), 26);
}
END_TEST

START_TEST(prefixes_and_more)
{
	char text[CURSOR_TEXT_SIZE + 4];
	static struct cursor c;
	size_t n = cursor_write(text, 12, 5, places, 3, &proof);

	for (size_t i = 0; i < n; i++) {
		char *exact = malloc(i + 1);
		memcpy(exact, text, i);
		ck_assert_int_eq(cursor_read(&c, exact, i), -EINVAL);
		free(exact);
	}
	strcpy(text + n, "AAAA");
	ck_assert_int_eq(cursor_read(&c, text, n + 4), -EINVAL);
}
END_TEST

START_TEST(garbage)
{
	static const char *const texts[] = { "", "!", "AAAA", "AQ", "Ag", "////////////////////", "\xFF\xFF\xFF",
		"null", "AQIMAAAAAAAAAAAA", "AQAMAAAAAAAAAAD/////Dw" };
	static struct cursor c;

	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		ck_assert_msg(cursor_read(&c, texts[i], strlen(texts[i])) == -EINVAL, "%s", texts[i]);
}
END_TEST

/* No byte of a good one can be changed into what is refused for its form only and yet be believed out of bounds. */
START_TEST(one_byte_changed)
{
	uint8_t bytes[256];
	char text[CURSOR_TEXT_SIZE], changed[512];
	static struct cursor c;
	size_t n, len = cursor_write(text, 12, 5, places, 3, &proof);

	ck_assert_int_eq(text_unbase64(bytes, sizeof bytes, &n, text, len), 0);
	for (size_t i = 0; i < n; i++)
		for (int b = 1; b < 256; b++) {
			bytes[i] ^= (uint8_t)b;
			size_t m = text_base64url(changed, bytes, n);
			if (cursor_read(&c, changed, m) == 0) {
				ck_assert_uint_le(c.n, CURSOR_PLACES_MAX + 1);
				for (size_t k = 0; k < c.n; k++) {
					ck_assert_int_ge(c.places[k].partition, 0);
					ck_assert_uint_lt((uint32_t)c.places[k].partition, c.partitions);
					ck_assert_int_ge(c.places[k].at.next, 0);
				}
			}
			bytes[i] ^= (uint8_t)b;
		}
}
END_TEST

START_TEST(nothing_to_resume_with)
{
	char text[CURSOR_TEXT_SIZE];
	static struct cursor c;
	static struct cursor_place many[CURSOR_PLACES_MAX + 1];

	ck_assert_int_eq(cursor_read(&c, text, cursor_write(text, 0, 5, places, 3, &proof)), 0);
	ck_assert_uint_eq(c.partitions, 0);
	ck_assert_uint_eq(c.n, 0);
	ck_assert_int_eq(cursor_read(&c, text, cursor_write(text, 600, 5, many, CURSOR_PLACES_MAX + 1, NULL)), 0);
	ck_assert_uint_eq(c.partitions, 0);
	for (size_t i = 0; i <= CURSOR_PLACES_MAX; i++)
		many[i] = (struct cursor_place){ 599, { INT64_MAX, UINT32_MAX } };
	ck_assert_int_eq(cursor_read(&c, text, cursor_write(text, 600, 5, many, CURSOR_PLACES_MAX, many)), 0);
	ck_assert_uint_eq(c.n, CURSOR_PLACES_MAX + 1);
	ck_assert_int_eq(c.places[CURSOR_PLACES_MAX].at.next, INT64_MAX);
}
END_TEST

/* The vectors of Kafka's UtilsTest. */
START_TEST(kafkas_murmur2)
{
	static const struct {
		const char *text;
		int32_t hash;
	} vectors[] = {
		{ "21", -973932308 },
		{ "foobar", -790332482 },
		{ "a-little-bit-long-string", -985981536 },
		{ "a-little-bit-longer-string", -1486304829 },
		{ "lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971 },
		{ "abc", 479470107 },
	};

	for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++)
		ck_assert_int_eq((int32_t)murmur2(vectors[i].text, strlen(vectors[i].text)), vectors[i].hash);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("cursor");
	TCase *t = tcase_create("cursor");

	tcase_add_loop_test(t, there_and_back, 0, 2);
	tcase_add_test(t, one_device_is_short);
	tcase_add_test(t, prefixes_and_more);
	tcase_add_test(t, garbage);
	tcase_add_test(t, one_byte_changed);
	tcase_add_test(t, nothing_to_resume_with);
	tcase_add_test(t, kafkas_murmur2);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(suite)
