/* pet - one table of members; every function walks it. */
#include "auth/devices/pet.h"
#include "base/text.h"
#include "base/time.h"

#include <stdio.h>
#include <string.h>

enum { DAY_MS = 86400000, YEAR_MIN = 1900 };

static const double WEIGHT_MAX_KG = 2000;

/* ---- members ---- */

static bool good_text(const json_t *v, int64_t today_ms)
{
	(void)today_ms;
	return check_name(v, NAME_MAX_CHARS);
}

static bool good_sex(const json_t *v, int64_t today_ms)
{
	const char *s = json_string_value(v);

	(void)today_ms;
	return s && (!strcmp(s, "female") || !strcmp(s, "male") || !strcmp(s, "unknown"));
}

static int days_in_month(int year, int month)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return days[month - 1] + (month == 2 && leap);
}

static bool number(const char *s, size_t n, int *ret)
{
	*ret = 0;
	for (size_t i = 0; i < n; i++) {
		if (s[i] < '0' || s[i] > '9')
			return false;
		*ret = *ret * 10 + (s[i] - '0');
	}
	return true;
}

bool pet_birth(const char *birth, int64_t today_ms)
{
	char latest[TIME_TEXT_SIZE];
	int year, month, day;

	if (strlen(birth) != 10 || birth[4] != '-' || birth[7] != '-' || !number(birth, 4, &year) ||
		!number(birth + 5, 2, &month) || !number(birth + 8, 2, &day))
		return false;
	if (year < YEAR_MIN || month < 1 || month > 12 || day < 1 || day > days_in_month(year, month))
		return false;
	time_format(latest, today_ms + DAY_MS);
	return strncmp(birth, latest, 10) <= 0;
}

static bool good_birth(const json_t *v, int64_t today_ms)
{
	const char *s = json_string_value(v);

	return s && pet_birth(s, today_ms);
}

static bool good_weight(const json_t *v, int64_t today_ms)
{
	(void)today_ms;
	return json_is_number(v) && json_number_value(v) > 0 && json_number_value(v) <= WEIGHT_MAX_KG;
}

static const struct member {
	const char *name, *path;
	bool (*good)(const json_t *v, int64_t today_ms);
	const char *must;
} members[] = {
	{ "name", "pet.name", good_text, "be a text of 1 to 100 characters" },
	{ "species", "pet.species", good_text, "be a text of 1 to 100 characters" },
	{ "breed", "pet.breed", good_text, "be a text of 1 to 100 characters" },
	{ "sex", "pet.sex", good_sex, "be female, male or unknown" },
	{ "birth", "pet.birth", good_birth, "be a day as YYYY-MM-DD, from 1900 to today" },
	{ "weight_kg", "pet.weight_kg", good_weight, "be a number above 0 and up to 2000" },
};

enum { MEMBERS = sizeof members / sizeof *members };

/* ---- from JSON ---- */

bool pet_check(const json_t *pet, int64_t today_ms, struct check_fault *ret)
{
	if (!json_is_object(pet)) {
		*ret = (struct check_fault){ "pet", "be an object" };
		return false;
	}
	for (size_t i = 0; i < MEMBERS; i++) {
		const json_t *v = json_object_get(pet, members[i].name);
		if (v && !json_is_null(v) && !members[i].good(v, today_ms)) {
			*ret = (struct check_fault){ members[i].path, members[i].must };
			return false;
		}
	}
	return true;
}

static void append(bson_t *doc, const char *name, const json_t *v)
{
	if (json_is_string(v))
		BSON_APPEND_UTF8(doc, name, json_string_value(v));
	else
		BSON_APPEND_DOUBLE(doc, name, json_number_value(v));
}

void pet_write(const json_t *pet, bson_t *doc)
{
	bson_t out;

	BSON_APPEND_DOCUMENT_BEGIN(doc, "pet", &out);
	for (size_t i = 0; i < MEMBERS; i++) {
		const json_t *v = json_object_get(pet, members[i].name);
		if (v && !json_is_null(v))
			append(&out, members[i].name, v);
	}
	bson_append_document_end(doc, &out);
}

/* ---- to JSON ---- */

/* NULL where the document has none. */
static json_t *member_json(const bson_t *device, const char *path)
{
	bson_iter_t i, at;

	if (!bson_iter_init(&i, device) || !bson_iter_find_descendant(&i, path, &at))
		return NULL;
	if (BSON_ITER_HOLDS_UTF8(&at))
		return json_string(bson_iter_utf8(&at, NULL));
	return BSON_ITER_HOLDS_NUMBER(&at) ? json_real(bson_iter_as_double(&at)) : NULL;
}

json_t *pet_json(const bson_t *device)
{
	bson_iter_t i;

	if (!bson_iter_init_find(&i, device, "pet"))
		return json_null();
	json_t *pet = json_object();
	for (size_t m = 0; m < MEMBERS && pet; m++) {
		json_t *v = member_json(device, members[m].path);
		if (v && json_object_set_new(pet, members[m].name, v)) {
			json_decref(pet);
			pet = NULL;
		}
	}
	return pet;
}
