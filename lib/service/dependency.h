/*
 * dependency - the servers a program needs, and whether they answer: for /readyz, /metrics and the log alike
 *
 *     struct dependency *kafka = dependency_new("kafka", "10.0.0.1:9092", DEPENDENCY_ALWAYS);
 *     dependency_down(kafka, "connection refused");
 *
 * Several parts of a program may watch the same server, each with a dependency of its own: the server answers when all
 * of them say so, and the strictest need counts. Once it does not, that is one line in the log ("dependency down":
 * server, address, why, since, effect), a reminder every minute ("dependency still down"), and one line when it is back
 * ("dependency up").
 *
 * Metrics, by dependency: pettrack_dependency_up, pettrack_dependency_outages_total,
 * pettrack_dependency_changed_timestamp_seconds; and pettrack_ready.
 *
 * Thread: dependency_new() from main before threads start; the rest from any. What talks to the server calls these often
 * enough to be believed; nothing here asks.
 */
#pragma once

#include <stdbool.h>

struct dependency;

enum dependency_need {
	DEPENDENCY_ALWAYS, /* while it is away the program is not ready */
	DEPENDENCY_AT_START, /* not ready until it was there once; from then on the program can do without for a while */
	DEPENDENCY_NEVER, /* the program is ready without it */
};

/* @server ("kafka", "mongodb", "auth") is borrowed, @address copied: host and port, without credentials; may be "". Not
 * up until said. */
struct dependency *dependency_new(const char *server, const char *address, enum dependency_need need);

/* Whether it answers, and if not @why: in words, copied. Said again and again. What a check that says no leaves behind
 * (bus_last_error(), store_last_error()) may be named beside that check, since only a server that is not up is asked why. */
void dependency_set(struct dependency *d, bool up, const char *why);

static inline void dependency_up(struct dependency *d)
{
	dependency_set(d, true, "");
}

static inline void dependency_down(struct dependency *d, const char *why)
{
	dependency_set(d, false, why);
}

/* For /readyz: calls @visit with every server that is missing, once each. @needed: the program is not ready for that. */
void dependency_missing(void (*visit)(void *owner, const char *server, const char *why, bool needed), void *owner);
