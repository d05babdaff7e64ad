/* optional - one table of them; every function walks it. */
#include "auth/devices/optional.h"
#include "auth/devices/pet.h"
#include "auth/devices/retention.h"
#include "auth/devices/rules.h"
#include "base/clock.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static bool check_pet(const json_t *v, struct check_fault *ret)
{
	return pet_check(v, clock_real_ms(), ret);
}

static const struct optional {
	const char *name, *problem;
	bool (*check)(const json_t *v, struct check_fault *ret);
	void (*write)(const json_t *v, bson_t *doc);
	json_t *(*show)(const bson_t *device);
} optionals[] = {
	{ "pet", "invalid_pet", check_pet, pet_write, pet_json },
	{ "retention_days", "invalid_retention", retention_check, retention_write, retention_json },
	{ "rules", "invalid_rules", rules_check, rules_write, rules_json },
};

enum { OPTIONALS = sizeof optionals / sizeof *optionals };

bool optional_check(struct web_request *q, const json_t *body)
{
	struct check_fault fault;

	for (const struct optional *o = optionals; o < optionals + OPTIONALS; o++) {
		const json_t *v = json_object_get(body, o->name);
		if (v && !json_is_null(v) && !o->check(v, &fault)) {
			web_problem(q, 422, o->problem, "\"%s\" must %s.", fault.member, fault.must);
			return false;
		}
	}
	return true;
}

bool optional_any(const json_t *body)
{
	for (size_t i = 0; i < OPTIONALS; i++)
		if (json_object_get(body, optionals[i].name))
			return true;
	return false;
}

void optional_names(const json_t *body, char *out, size_t size)
{
	for (const struct optional *o = optionals; o < optionals + OPTIONALS; o++) {
		size_t used = strlen(out);
		if (json_object_get(body, o->name))
			snprintf(out + used, size - used, "%s%s", used > 0 ? ", " : "", o->name);
	}
}

void optional_write(const json_t *body, bson_t *set, bson_t *unset)
{
	for (const struct optional *o = optionals; o < optionals + OPTIONALS; o++) {
		const json_t *v = json_object_get(body, o->name);
		if (v && !json_is_null(v))
			o->write(v, set);
		else if (json_is_null(v) && unset)
			BSON_APPEND_UTF8(unset, o->name, "");
	}
}

void optional_unset(bson_t *unset)
{
	for (size_t i = 0; i < OPTIONALS; i++)
		BSON_APPEND_UTF8(unset, optionals[i].name, "");
}

int optional_show(const bson_t *device, json_t *shown)
{
	for (const struct optional *o = optionals; o < optionals + OPTIONALS; o++)
		if (json_object_set_new(shown, o->name, o->show(device)))
			return -ENOMEM;
	return 0;
}
