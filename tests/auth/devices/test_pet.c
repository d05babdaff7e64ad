#include "auth/devices/pet.h"
#include "base/time.h"
#include "tests/lib/unit.h"

#include <string.h>

static int64_t today(void)
{
	int64_t ms;

	ck_assert_int_eq(time_from_utc(&ms, 2026, 3, 1, 12, 0, 0, 0), 0);
	return ms;
}

static const struct {
	const char *birth;
	bool good;
} births[] = {
	{ "2021-04-01", true },
	{ "1900-01-01", true },
	{ "1899-12-31", false },
	{ "2026-03-01", true },
	{ "2026-03-02", true }, /* already, east of Greenwich */
	{ "2026-03-03", false },
	{ "2024-02-29", true },
	{ "2023-02-29", false },
	{ "1900-02-29", false },
	{ "2000-02-29", true },
	{ "2021-04-31", false },
	{ "2021-00-01", false },
	{ "2021-13-01", false },
	{ "2021-01-00", false },
	{ "2021-01-32", false },
	{ "2021-4-1", false },
	{ "2021/04/01", false },
	{ "2021-04-01T00:00", false },
	{ "", false },
	{ "-021-04-01", false },
	{ "20x1-04-01", false },
	{ "2021-04-1 ", false },
	{ " 021-04-01", false },
	{ "+021-04-01", false },
};

START_TEST(birth)
{
	ck_assert_msg(pet_birth(births[_i].birth, today()) == births[_i].good, "%s", births[_i].birth);
}
END_TEST

static const struct {
	const char *json, *fault; /* @fault: the member that is wrong, or NULL */
} pets[] = {
	{ "{}", NULL },
	{ "{\"name\":\"Misty\",\"species\":\"cat\",\"breed\":\"Maine "
	  "Coon\",\"sex\":\"female\",\"birth\":\"2021-04-01\",\"weight_kg\":4.2}",
		NULL },
	{ "{\"name\":null,\"species\":null,\"breed\":null,\"sex\":null,\"birth\":null,\"weight_kg\":null}", NULL },
	{ "{\"colour\":[1]}", NULL },
	{ "{\"weight_kg\":5}", NULL },
	{ "{\"weight_kg\":2000}", NULL },
	{ "{\"sex\":\"unknown\"}", NULL },
	{ "[]", "pet" },
	{ "\"Misty\"", "pet" },
	{ "{\"name\":\"\"}", "pet.name" },
	{ "{\"name\":7}", "pet.name" },
	{ "{\"species\":[\"cat\"]}", "pet.species" },
	{ "{\"breed\":\"a\\nb\"}", "pet.breed" },
	{ "{\"sex\":\"Female\"}", "pet.sex" },
	{ "{\"sex\":true}", "pet.sex" },
	{ "{\"birth\":\"2021-02-30\"}", "pet.birth" },
	{ "{\"birth\":20210401}", "pet.birth" },
	{ "{\"weight_kg\":0}", "pet.weight_kg" },
	{ "{\"weight_kg\":-1}", "pet.weight_kg" },
	{ "{\"weight_kg\":2000.1}", "pet.weight_kg" },
	{ "{\"weight_kg\":\"4.2\"}", "pet.weight_kg" },
	{ "{\"sex\":\"x\",\"weight_kg\":0}", "pet.sex" },
};

START_TEST(check_table)
{
	json_t *pet = json_loads(pets[_i].json, JSON_DECODE_ANY, NULL);
	struct check_fault fault = { NULL, NULL };

	ck_assert_msg(pet_check(pet, today(), &fault) == !pets[_i].fault, "%s", pets[_i].json);
	if (pets[_i].fault) {
		ck_assert_str_eq(fault.member, pets[_i].fault);
		ck_assert_ptr_nonnull(fault.must);
	}
	json_decref(pet);
}
END_TEST

/* What is stored comes back: without what is null or not ours. */
START_TEST(goes_in_and_out)
{
	json_t *given = json_loads("{\"name\":\"Misty\",\"species\":null,\"sex\":\"female\",\"birth\":\"2021-04-01\","
				   "\"weight_kg\":4,\"x\":1}",
		0, NULL);
	json_t *wanted = json_loads(
		"{\"name\":\"Misty\",\"sex\":\"female\",\"birth\":\"2021-04-01\",\"weight_kg\":4.0}", 0, NULL);
	bson_t doc = BSON_INITIALIZER;

	json_t *none = pet_json(&doc);
	ck_assert(json_is_null(none));
	pet_write(given, &doc);
	json_t *got = pet_json(&doc);
	ck_assert(json_equal(got, wanted));
	json_decref(none);
	json_decref(got);
	json_decref(wanted);
	json_decref(given);
	bson_destroy(&doc);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("auth/devices/pet");
	TCase *t = tcase_create("pet");

	tcase_add_loop_test(t, birth, 0, (int)(sizeof births / sizeof *births));
	tcase_add_loop_test(t, check_table, 0, (int)(sizeof pets / sizeof *pets));
	tcase_add_test(t, goes_in_and_out);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(suite)
