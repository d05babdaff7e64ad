#include "record/record.h"
#include "tests/lib/unit.h"

#include "record/position.pb-c.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define LENGTH(a) ((int)(sizeof(a) / sizeof *(a)))

static uint8_t memory[64 * 1024];

static struct position full(void)
{
	static const struct attribute attributes[] = {
		{ "ignition", ATTRIBUTE_BOOL, .boolean = true },
		{ "steps", ATTRIBUTE_INT, .integer = INT64_MIN },
		{ "temperature", ATTRIBUTE_REAL, .real = -0.1 },
		{ "alarm", ATTRIBUTE_TEXT, .text = "caf\xc3\xa9" },
		{ "empty", ATTRIBUTE_TEXT, .text = "" },
	};

	return (struct position){
		.device = { { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16 } },
		.time_ms = 1767323045123,
		.received_ms = 1767323046000,
		.lat_e7 = 501703150,
		.lon_e7 = -51138510,
		.speed_mps = 1.25f,
		.course_deg = 359.5f,
		.altitude_m = -12,
		.accuracy_m = 4.5f,
		.battery_pct = 71,
		.has = POSITION_LOCATION | POSITION_SPEED | POSITION_COURSE | POSITION_ALTITUDE | POSITION_ACCURACY |
		       POSITION_BATTERY,
		.invalid = true,
		.protocol = "osmand",
		.attributes = attributes,
		.attributes_n = LENGTH(attributes),
	};
}

static void assert_same_attribute(const struct attribute *a, const struct attribute *b)
{
	ck_assert_str_eq(a->name, b->name);
	ck_assert_int_eq(a->type, b->type);
	if (a->type == ATTRIBUTE_BOOL)
		ck_assert_int_eq(a->boolean, b->boolean);
	else if (a->type == ATTRIBUTE_INT)
		ck_assert_int_eq(a->integer, b->integer);
	else if (a->type == ATTRIBUTE_REAL)
		ck_assert_double_eq(a->real, b->real);
	else
		ck_assert_str_eq(a->text, b->text);
}

static void assert_same(const struct position *a, const struct position *b)
{
	ck_assert(uuid_same(&a->device, &b->device));
	ck_assert_int_eq(a->time_ms, b->time_ms);
	ck_assert_int_eq(a->received_ms, b->received_ms);
	ck_assert_uint_eq(a->has, b->has);
	ck_assert_int_eq(a->lat_e7, b->lat_e7);
	ck_assert_int_eq(a->lon_e7, b->lon_e7);
	ck_assert_float_eq(a->speed_mps, b->speed_mps);
	ck_assert_float_eq(a->course_deg, b->course_deg);
	ck_assert_float_eq(a->altitude_m, b->altitude_m);
	ck_assert_float_eq(a->accuracy_m, b->accuracy_m);
	ck_assert_float_eq(a->battery_pct, b->battery_pct);
	ck_assert_int_eq(a->invalid, b->invalid);
	ck_assert_pstr_eq(a->protocol, b->protocol);
	ck_assert_uint_eq(a->attributes_n, b->attributes_n);
	for (size_t i = 0; i < a->attributes_n; i++)
		assert_same_attribute(&a->attributes[i], &b->attributes[i]);
}

static int decode(struct position *ret, const uint8_t *bytes, size_t len)
{
	struct arena arena = arena_over(memory, sizeof memory);
	uint8_t *exact = malloc(len ? len : 1); /* one byte read too many is found */

	memcpy(exact, bytes, len);
	int r = record_decode(ret, &arena, exact, len);
	free(exact); /* and nothing may point into it afterwards */
	if (r)
		ck_assert_uint_eq(arena.used, 0);
	return r;
}

static void assert_survives(const struct position *p)
{
	uint8_t bytes[RECORD_SIZE_MAX];
	struct position back;
	size_t len;

	ck_assert_int_eq(record_encode(p, bytes, sizeof bytes, &len), 0);
	ck_assert_int_eq(decode(&back, bytes, len), 0);
	assert_same(p, &back);
}

START_TEST(everything_survives)
{
	struct position p = full();

	assert_survives(&p);
}
END_TEST

START_TEST(what_is_absent_stays_absent)
{
	struct position p = { .device = { { 7 } }, .time_ms = 1, .received_ms = 2 };

	assert_survives(&p);
	for (uint32_t field = POSITION_LOCATION; field <= POSITION_BATTERY; field <<= 1) {
		p.has = field;
		assert_survives(&p); /* and zero is a value */
	}
}
END_TEST

START_TEST(the_largest_survives)
{
	struct attribute many[POSITION_ATTRIBUTES_MAX];
	char names[POSITION_ATTRIBUTES_MAX][ATTRIBUTE_NAME_MAX + 1], text[ATTRIBUTE_TEXT_MAX + 1];
	struct position p = full();

	memset(text, 't', ATTRIBUTE_TEXT_MAX);
	text[ATTRIBUTE_TEXT_MAX] = '\0';
	for (int i = 0; i < POSITION_ATTRIBUTES_MAX; i++) {
		snprintf(names[i], sizeof names[i], "%064d", i);
		many[i] = (struct attribute){ names[i], ATTRIBUTE_TEXT, .text = text };
	}
	p.attributes = many;
	p.attributes_n = POSITION_ATTRIBUTES_MAX;
	assert_survives(&p);
	p.attributes_n++;
	ck_assert_int_eq(record_encode(&p, memory, sizeof memory, &(size_t){ 0 }), RECORD_E_TOO_LARGE);
}
END_TEST

START_TEST(no_room_to_write)
{
	uint8_t bytes[1024];
	struct position p = full();
	size_t len, same = 77;

	ck_assert_int_eq(record_encode(&p, bytes, sizeof bytes, &len), 0);
	memset(bytes, 0xaa, sizeof bytes);
	ck_assert_int_eq(record_encode(&p, bytes, len - 1, &same), RECORD_E_TOO_LARGE);
	ck_assert_uint_eq(same, 77);
	ck_assert_uint_eq(bytes[0], 0xaa);
	ck_assert_int_eq(record_encode(&p, bytes, len, &same), 0);
	ck_assert_uint_eq(same, len);
}
END_TEST

START_TEST(no_room_to_read)
{
	uint8_t bytes[1024];
	struct position p = full(), back = { .time_ms = 77 };
	size_t len, size = 0;
	int r;

	ck_assert_int_eq(record_encode(&p, bytes, sizeof bytes, &len), 0);
	do {
		struct arena arena = arena_over(memory, size++);
		r = record_decode(&back, &arena, bytes, len);
		if (r) {
			ck_assert_int_eq(r, RECORD_E_TOO_LARGE);
			ck_assert_uint_eq(arena.used, 0);
			ck_assert_int_eq(back.time_ms, 77);
		}
	} while (r);
	assert_same(&p, &back);
	ck_assert_uint_gt(size, len);
}
END_TEST

/* Every prefix is refused, or is a whole record without its last fields: those that are not required. */
START_TEST(prefixes)
{
	uint8_t bytes[1024];
	struct position p = full(), back;
	size_t len;

	ck_assert_int_eq(record_encode(&p, bytes, sizeof bytes, &len), 0);
	for (size_t n = 0; n < len; n++) {
		int r = decode(&back, bytes, n);
		ck_assert(r == RECORD_E_MALFORMED || (r == 0 && back.attributes_n < p.attributes_n));
		if (n < 36) /* device, time and received take 18 + 9 + 9 bytes */
			ck_assert_int_eq(r, RECORD_E_MALFORMED);
	}
}
END_TEST

/* ---- what only somebody else's writer would write ---- */

struct foreign {
	Pettrack__Position m;
	Pettrack__Attribute a;
	Pettrack__Attribute *list[POSITION_ATTRIBUTES_MAX + 1];
	uint8_t device[17];
};

static void foreign_good(struct foreign *f)
{
	static char name[] = "a", protocol[] = "osmand";

	memset(f, 0, sizeof *f);
	pettrack__position__init(&f->m);
	pettrack__attribute__init(&f->a);
	f->m.device = (ProtobufCBinaryData){ .data = f->device, .len = 16 };
	f->m.time = 1767323045123;
	f->m.received = 1767323045123;
	f->m.has_latitude = f->m.has_longitude = true;
	f->m.protocol = protocol;
	f->a.name = name;
	f->a.value_case = PETTRACK__ATTRIBUTE__VALUE_INTEGER;
	for (int i = 0; i < LENGTH(f->list); i++)
		f->list[i] = &f->a;
	f->m.attributes = f->list;
	f->m.n_attributes = 1;
}

static int foreign_decode(struct foreign *f, struct position *ret)
{
	uint8_t bytes[4096];

	ck_assert_uint_le(pettrack__position__get_packed_size(&f->m), sizeof bytes);
	return decode(ret, bytes, pettrack__position__pack(&f->m, bytes));
}

START_TEST(foreign_records)
{
	struct position p;
	struct foreign f;
	static char not_utf8[] = "\xff";

	foreign_good(&f);
	ck_assert_int_eq(foreign_decode(&f, &p), 0);
	ck_assert_uint_eq(p.attributes_n, 1);

	f.m.device.len = 15;
	ck_assert_int_eq(foreign_decode(&f, &p), RECORD_E_MALFORMED);
	f.m.device.len = 17;
	ck_assert_int_eq(foreign_decode(&f, &p), RECORD_E_MALFORMED);

	foreign_good(&f);
	f.m.has_latitude = false; /* one half of a location */
	ck_assert_int_eq(foreign_decode(&f, &p), RECORD_E_MALFORMED);

	foreign_good(&f);
	f.m.latitude = 900000001;
	ck_assert_int_eq(foreign_decode(&f, &p), RECORD_E_MALFORMED);

	foreign_good(&f);
	f.m.time = UINT64_MAX;
	ck_assert_int_eq(foreign_decode(&f, &p), RECORD_E_MALFORMED);

	foreign_good(&f);
	f.m.has_speed = true;
	f.m.speed = NAN;
	ck_assert_int_eq(foreign_decode(&f, &p), RECORD_E_MALFORMED);

	foreign_good(&f);
	f.m.n_attributes = POSITION_ATTRIBUTES_MAX + 1;
	ck_assert_int_eq(foreign_decode(&f, &p), RECORD_E_MALFORMED);

	foreign_good(&f);
	f.a.name = not_utf8;
	ck_assert_int_eq(foreign_decode(&f, &p), RECORD_E_MALFORMED);
}
END_TEST

/* A newer writer's field is skipped, and so is an attribute whose value is of a kind that did not exist. */
START_TEST(newer_records)
{
	static const uint8_t new_field[] = { 0xa2, 0x06, 0x03, 'n', 'e', 'w' }; /* field 100, bytes */
	static const uint8_t new_value[] = { 0x6a, 0x07, 0x0a, 0x01, 'x', 0x9a, 0x06, 0x01,
		'y' }; /* attribute: 1 and 99 */
	uint8_t bytes[1024];
	struct position p = full(), back;
	size_t len;

	ck_assert_int_eq(record_encode(&p, bytes, sizeof bytes, &len), 0);
	memcpy(bytes + len, new_field, sizeof new_field);
	len += sizeof new_field;
	memcpy(bytes + len, new_value, sizeof new_value);
	len += sizeof new_value;
	ck_assert_int_eq(decode(&back, bytes, len), 0);
	assert_same(&p, &back);
}
END_TEST

START_TEST(noise)
{
	uint64_t state = 88172645463325252;
	uint8_t bytes[512];
	struct position p = full(), back;
	size_t len;

	for (int i = 0; i < 50000; i++) {
		ck_assert_int_eq(record_encode(&p, bytes, sizeof bytes, &len), 0);
		for (int k = 0; k < 1 + i % 4; k++) {
			state = state * 6364136223846793005 + 1442695040888963407;
			bytes[(state >> 33) % len] = (uint8_t)(state >> 56);
		}
		int r = decode(&back, bytes, len);
		ck_assert(r == 0 || r == RECORD_E_MALFORMED || r == RECORD_E_TOO_LARGE);
		if (r == 0)
			ck_assert_ptr_null(position_fault(&back));
	}
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("record");
	TCase *c = tcase_create("record");

	tcase_set_timeout(c, 60);
	tcase_add_test(c, everything_survives);
	tcase_add_test(c, what_is_absent_stays_absent);
	tcase_add_test(c, the_largest_survives);
	tcase_add_test(c, no_room_to_write);
	tcase_add_test(c, no_room_to_read);
	tcase_add_test(c, prefixes);
	tcase_add_test(c, foreign_records);
	tcase_add_test(c, newer_records);
	tcase_add_test(c, noise);
	suite_add_tcase(s, c);
	return s;
}

UNIT_MAIN(suite)
