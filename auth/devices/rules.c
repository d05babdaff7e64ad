/* rules - two tables of members, and what is in them as BSON. */
#include "auth/devices/rules.h"
#include "base/network.h"

#include <stdio.h>
#include <string.h>

enum { OFFSET_MAX_S = 86400, PROTOCOLS_MAX = 32, NETWORKS_MAX = 16 };

static const double LIMIT_MAX = 1000000;

/* ---- members ---- */

static bool good_offset(const json_t *v)
{
	json_int_t s = json_integer_value(v);

	return json_is_integer(v) && s >= -OFFSET_MAX_S && s <= OFFSET_MAX_S;
}

/* A list of 1 to @max of what @good says. */
static bool good_list(const json_t *v, size_t max, bool (*good)(const json_t *v))
{
	size_t n = json_array_size(v);

	if (n < 1 || n > max)
		return false;
	for (size_t i = 0; i < n; i++)
		if (!good(json_array_get(v, i)))
			return false;
	return true;
}

bool protocol_name_good(const json_t *name)
{
	const char *s = json_string_value(name);
	size_t n = json_string_length(name);

	return s && n >= 1 && n <= PROTOCOL_NAME_MAX && strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789-") == n;
}

static bool good_protocols(const json_t *v)
{
	return good_list(v, PROTOCOLS_MAX, protocol_name_good);
}

static bool good_network(const json_t *v)
{
	struct network ignored;

	return json_is_string(v) && network_parse(&ignored, json_string_value(v)) == 0;
}

static bool good_networks(const json_t *v)
{
	return good_list(v, NETWORKS_MAX, good_network);
}

static bool good_object(const json_t *v)
{
	return json_is_object(v);
}

static bool good_switch(const json_t *v)
{
	return json_is_boolean(v);
}

static bool good_limit(const json_t *v)
{
	return json_is_number(v) && json_number_value(v) >= 0 && json_number_value(v) <= LIMIT_MAX;
}

struct member {
	const char *name, *path;
	bool (*good)(const json_t *v);
	const char *must;
};

static const char LIMIT_MUST[] = "be a number from 0, which is no limit, to 1000000";

static const struct member rules_members[] = {
	{ "clock_offset_s", "rules.clock_offset_s", good_offset, "be a whole number of seconds from -86400 to 86400" },
	{ "protocols", "rules.protocols", good_protocols,
		"be a list of 1 to 32 names of protocols, each of 1 to 32 of a to z, 0 to 9 and '-'" },
	{ "networks", "rules.networks", good_networks,
		"be a list of 1 to 16 networks such as 10.0.0.0/8 or 2001:db8::/32, with no bit set behind the "
		"prefix" },
	{ "filters", "rules.filters", good_object, "be an object" },
};

static const struct member filter_members[] = {
	{ "invalid", "rules.filters.invalid", good_switch, "be true or false" },
	{ "zero_island", "rules.filters.zero_island", good_switch, "be true or false" },
	{ "accuracy_max_m", "rules.filters.accuracy_max_m", good_limit, LIMIT_MUST },
	{ "speed_max_mps", "rules.filters.speed_max_mps", good_limit, LIMIT_MUST },
	{ "distance_min_m", "rules.filters.distance_min_m", good_limit, LIMIT_MUST },
	{ "period_min_s", "rules.filters.period_min_s", good_limit, LIMIT_MUST },
};

enum {
	RULES = sizeof rules_members / sizeof *rules_members,
	FILTERS = sizeof filter_members / sizeof *filter_members,
};

/* ---- from JSON ---- */

static bool check_members(const json_t *o, const struct member *members, size_t n, struct check_fault *ret)
{
	size_t known = 0;

	for (size_t i = 0; i < n; i++) {
		const json_t *v = json_object_get(o, members[i].name);
		known += v != NULL;
		if (v && !json_is_null(v) && !members[i].good(v)) {
			*ret = (struct check_fault){ members[i].path, members[i].must };
			return false;
		}
	}
	return known == json_object_size(o);
}

bool rules_check(const json_t *rules, struct check_fault *ret)
{
	*ret = (struct check_fault){ "rules", "be an object of clock_offset_s, protocols, networks and filters" };
	if (!json_is_object(rules) || !check_members(rules, rules_members, RULES, ret))
		return false;
	*ret = (struct check_fault){
		"rules.filters",
		"be an object of invalid, zero_island, accuracy_max_m, speed_max_mps, distance_min_m and period_min_s"
	};
	return check_members(json_object_get(rules, "filters"), filter_members, FILTERS, ret);
}

static void append_texts(bson_t *doc, const char *name, const json_t *list)
{
	char key[24];
	bson_t out;

	BSON_APPEND_ARRAY_BEGIN(doc, name, &out);
	for (size_t i = 0; i < json_array_size(list); i++) {
		snprintf(key, sizeof key, "%zu", i);
		BSON_APPEND_UTF8(&out, key, json_string_value(json_array_get(list, i)));
	}
	bson_append_array_end(doc, &out);
}

static void append_object(bson_t *doc, const char *name, const json_t *o);

static void append(bson_t *doc, const char *name, const json_t *v)
{
	if (json_is_object(v))
		append_object(doc, name, v);
	else if (json_is_array(v))
		append_texts(doc, name, v);
	else if (json_is_boolean(v))
		BSON_APPEND_BOOL(doc, name, json_is_true(v));
	else if (json_is_integer(v))
		BSON_APPEND_INT32(doc, name, (int32_t)json_integer_value(v));
	else if (json_is_real(v))
		BSON_APPEND_DOUBLE(doc, name, json_real_value(v));
}

static void append_object(bson_t *doc, const char *name, const json_t *o)
{
	const char *member;
	json_t *v;
	bson_t out;

	BSON_APPEND_DOCUMENT_BEGIN(doc, name, &out);
	json_object_foreach((json_t *)(uintptr_t)o, member, v) append(&out, member, v);
	bson_append_document_end(doc, &out);
}

void rules_write(const json_t *rules, bson_t *doc)
{
	append_object(doc, "rules", rules);
}

/* ---- to JSON ---- */

static json_t *texts_json(const bson_iter_t *at)
{
	bson_iter_t i;
	json_t *list = json_array();

	if (bson_iter_recurse(at, &i))
		while (bson_iter_next(&i))
			if (json_array_append_new(list, json_string(bson_iter_utf8(&i, NULL)))) {
				json_decref(list);
				return NULL;
			}
	return list;
}

static json_t *object_json(const bson_iter_t *at);

/* NULL for what append() never wrote, too. */
static json_t *value_json(const bson_iter_t *at)
{
	switch (bson_iter_type(at)) {
	case BSON_TYPE_DOCUMENT:
		return object_json(at);
	case BSON_TYPE_ARRAY:
		return texts_json(at);
	case BSON_TYPE_BOOL:
		return json_boolean(bson_iter_bool(at));
	case BSON_TYPE_INT32:
		return json_integer(bson_iter_int32(at));
	case BSON_TYPE_DOUBLE:
		return json_real(bson_iter_double(at));
	default:
		return NULL;
	}
}

static json_t *object_json(const bson_iter_t *at)
{
	bson_iter_t i;
	json_t *o = json_object();

	if (bson_iter_recurse(at, &i))
		while (bson_iter_next(&i))
			if (json_object_set_new(o, bson_iter_key(&i), value_json(&i))) {
				json_decref(o);
				return NULL;
			}
	return o;
}

json_t *rules_json(const bson_t *device)
{
	bson_iter_t i;

	return bson_iter_init_find(&i, device, "rules") ? value_json(&i) : json_null();
}
