/*
 * device_rules - the rules of a device as a person writes and reads them
 *
 * Thread: any.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

enum rule {
	RULE_CLOCK_OFFSET,
	RULE_PROTOCOLS,
	RULE_NETWORKS,
	RULE_INVALID,
	RULE_ZERO_ISLAND,
	RULE_ACCURACY_MAX,
	RULE_SPEED_MAX,
	RULE_DISTANCE_MIN,
	RULE_PERIOD_MIN,
	RULES,
};

struct rules_fault {
	const char *flag, *must; /* "--clock-offset" must "be ..." */
};

/* Changes @rules, an object, as @texts say: NULL leaves a rule as it is, "default" removes it. False, and @rules as far as
 * it came, when one makes no sense. */
bool rules_change(json_t *rules, const char *const texts[static RULES], struct rules_fault *ret);

/* One line each, on standard output. @rules: an object or null. */
void rules_print(const json_t *rules);
