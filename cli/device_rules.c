/* device_rules - `pettrack device rules`: one table of rules; every function walks it. */
#include "cli/device_rules.h"
#include "base/text.h"
#include "cli/command.h"
#include "cli/device.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- from text: a new reference, or NULL for what makes no sense. What auth can tell is left to auth. ---- */

/* "2h", "-90m", "+5.5h", "-7200s", "-7200" to whole seconds. */
static json_t *read_offset(const char *text)
{
	size_t n = strlen(text);
	double unit = 1, value;

	if (n > 0 && strchr("smh", text[n - 1]))
		unit = (const double[]){ 1, 60, 3600 }[strchr("smh", text[--n]) - "smh"];
	if (text_to_real(&value, text, n) || fabs(value * unit) > INT32_MAX || value * unit != trunc(value * unit))
		return NULL;
	return json_integer((json_int_t)(value * unit));
}

static json_t *read_list(const char *text)
{
	json_t *list = json_array();

	for (const char *s = text;; s++) {
		size_t n = strcspn(s, ",");
		json_array_append_new(list, json_stringn(s, n));
		s += n;
		if (*s == '\0')
			return list;
	}
}

static json_t *read_switch(const char *text)
{
	return !strcmp(text, "on") ? json_true() : !strcmp(text, "off") ? json_false() : NULL;
}

/* A number; "off" is 0. */
static json_t *read_limit(const char *text)
{
	double value = 0;

	if (strcmp(text, "off") != 0 && text_to_real(&value, text, strlen(text)))
		return NULL;
	return json_real(value);
}

/* ---- the table ---- */

static const char OFFSET_MUST[] = "be a time such as 2h, -90m or -7200s";
static const char LIST_MUST[] = "be a list, comma-separated";
static const char SWITCH_MUST[] = "be on, off or default";
static const char LIMIT_MUST[] = "be a number, off or default";

static const struct {
	const char *flag, *member;
	bool filter; /* in "filters" */
	json_t *(*read)(const char *text);
	const char *must, *label, *unit;
} table[RULES] = {
	[RULE_CLOCK_OFFSET] = { "--clock-offset", "clock_offset_s", false, read_offset, OFFSET_MUST, "clock offset",
		" s" },
	[RULE_PROTOCOLS] = { "--protocols", "protocols", false, read_list, LIST_MUST, "protocols", "" },
	[RULE_NETWORKS] = { "--networks", "networks", false, read_list, LIST_MUST, "networks", "" },
	[RULE_INVALID] = { "--filter-invalid", "invalid", true, read_switch, SWITCH_MUST, "filter invalid", "" },
	[RULE_ZERO_ISLAND] = { "--filter-zero-island", "zero_island", true, read_switch, SWITCH_MUST,
		"filter zero island", "" },
	[RULE_ACCURACY_MAX] = { "--accuracy-max", "accuracy_max_m", true, read_limit, LIMIT_MUST, "accuracy at most",
		" m" },
	[RULE_SPEED_MAX] = { "--speed-max", "speed_max_mps", true, read_limit, LIMIT_MUST, "speed at most", " m/s" },
	[RULE_DISTANCE_MIN] = { "--distance-min", "distance_min_m", true, read_limit, LIMIT_MUST, "distance at least",
		" m" },
	[RULE_PERIOD_MIN] = { "--period-min", "period_min_s", true, read_limit, LIMIT_MUST, "period at least", " s" },
};

/* ---- changing ---- */

/* Where rule @i is kept in @rules; made where it is not there. */
static json_t *place_of(json_t *rules, size_t i)
{
	if (!table[i].filter)
		return rules;
	if (!json_is_object(json_object_get(rules, "filters")))
		json_object_set_new(rules, "filters", json_object());
	return json_object_get(rules, "filters");
}

static bool change_one(json_t *rules, size_t i, const char *text)
{
	json_t *place = place_of(rules, i);

	if (!strcmp(text, "default")) {
		json_object_del(place, table[i].member);
		return true;
	}
	return json_object_set_new(place, table[i].member, table[i].read(text)) == 0;
}

bool rules_change(json_t *rules, const char *const texts[static RULES], struct rules_fault *ret)
{
	for (size_t i = 0; i < RULES; i++)
		if (texts[i] && !change_one(rules, i, texts[i])) {
			*ret = (struct rules_fault){ table[i].flag, table[i].must };
			return false;
		}
	if (json_object_size(json_object_get(rules, "filters")) == 0)
		json_object_del(rules, "filters");
	return true;
}

/* ---- printing ---- */

static void print_value(const json_t *v, bool filter, const char *unit)
{
	if (!v)
		printf("default\n");
	else if (json_is_boolean(v) || (filter && json_number_value(v) == 0))
		printf("%s\n", json_is_true(v) ? "on" : "off");
	else if (json_is_number(v))
		printf("%.10g%s\n", json_number_value(v), unit);
	else
		for (size_t i = 0, n = json_array_size(v); i < n; i++)
			printf("%s%s", json_string_value(json_array_get(v, i)), i + 1 < n ? ", " : "\n");
}

void rules_print(const json_t *rules)
{
	for (size_t i = 0; i < RULES; i++) {
		const json_t *place = table[i].filter ? json_object_get(rules, "filters") : rules;
		printf("%-20s", table[i].label);
		print_value(json_object_get(place, table[i].member), table[i].filter, table[i].unit);
	}
}

/* ---- the command ---- */

static const char *wanted[RULES];
static bool clear, json_wanted;

static bool any_wanted(void)
{
	for (size_t i = 0; i < RULES; i++)
		if (wanted[i])
			return true;
	return clear;
}

/* The rules of @device as they shall be, null for none. NULL: it has complained. */
static json_t *next_rules(const json_t *device)
{
	const json_t *present = json_object_get(device, "rules");
	json_t *rules = clear || !json_is_object(present) ? json_object() : json_deep_copy(present);
	struct rules_fault fault;

	if (!rules_change(rules, wanted, &fault)) {
		complain("%s must %s", fault.flag, fault.must);
		json_decref(rules);
		return NULL;
	}
	if (json_object_size(rules) > 0)
		return rules;
	json_decref(rules);
	return json_null();
}

static int change(struct session *s, const json_t *device, json_t **ret)
{
	json_t *rules = next_rules(device), *body = rules ? json_pack("{s:o}", "rules", rules) : NULL;

	if (!body)
		return EXIT_FAILURE;
	int r = devices_change(s, device_text(device, "id"), body, ret);
	json_decref(body);
	return r ? device_failed(r) : 0;
}

static int show_or_change(struct session *s, const json_t *device)
{
	json_t *changed = NULL;
	int status = any_wanted() ? change(s, device, &changed) : 0;

	if (status == 0) {
		const json_t *rules = json_object_get(changed ? changed : device, "rules");
		if (json_wanted)
			device_print_json(rules);
		else
			rules_print(rules);
	}
	json_decref(changed);
	return status;
}

int device_rules(int argc, char **argv)
{
	static const struct setting settings[] = {
		{ "PETTRACK_CLOCK_OFFSET", NULL, setting_text, &wanted[RULE_CLOCK_OFFSET],
			"added to what its clock says, to get UTC: -2h for a tracker that sends UTC+2; s, m or h" },
		{ "PETTRACK_PROTOCOLS", NULL, setting_text, &wanted[RULE_PROTOCOLS],
			"the only protocols it may speak, comma-separated" },
		{ "PETTRACK_NETWORKS", NULL, setting_text, &wanted[RULE_NETWORKS],
			"the only networks it may come from, comma-separated: 10.0.0.0/8" },
		{ "PETTRACK_FILTER_INVALID", NULL, setting_text, &wanted[RULE_INVALID],
			"on: leave out fixes that it marks as not valid; off" },
		{ "PETTRACK_FILTER_ZERO_ISLAND", NULL, setting_text, &wanted[RULE_ZERO_ISLAND],
			"on: leave out fixes at 0, 0; off" },
		{ "PETTRACK_ACCURACY_MAX", NULL, setting_text, &wanted[RULE_ACCURACY_MAX],
			"m; leave out fixes with a worse accuracy; off" },
		{ "PETTRACK_SPEED_MAX", NULL, setting_text, &wanted[RULE_SPEED_MAX],
			"m/s; leave out fixes that it cannot have reached; off" },
		{ "PETTRACK_DISTANCE_MIN", NULL, setting_text, &wanted[RULE_DISTANCE_MIN],
			"m; leave out fixes nearer to the one before; off" },
		{ "PETTRACK_PERIOD_MIN", NULL, setting_text, &wanted[RULE_PERIOD_MIN],
			"s; leave out fixes sooner after the one before; off" },
		{ "PETTRACK_CLEAR", "false", setting_bool, &clear, "forget all rules first" },
		DEVICE_JSON_SETTING(json_wanted),
		{ 0 },
	};

	return device_on_one(
		"Shows the rules of a tracker, after changing those that are named. \"default\" takes a rule "
		"away, so that the\ngateway's settings count.",
		settings, argc, argv, show_or_change);
}
