/*
 * prepare - --prepare: makes what a program needs in its servers, and ends
 *
 *     static struct prepare prepare;
 *     static const struct setting settings[] = { PREPARE_SETTINGS(prepare), { 0 } };
 *     if (prepare.wanted)
 *             return prepare_run(&prepare, (const struct prepare_step[]){ { "topics", bus_prepare, &topics }, { 0 } });
 *
 * A program makes what it needs by itself when it may. Where it may not, somebody who may runs it once with --prepare:
 * before an installation and before each upgrade, with accounts of other rights, and without the program's other secrets.
 *
 * Thread: main.
 */
#pragma once

#include "service/service.h"

struct prepare {
	bool wanted;
	int64_t timeout_ms;
};

#define PREPARE_SETTINGS(p)                                                                                            \
	{ "PREPARE", NULL, setting_bool, &(p).wanted,                                                                  \
		"make the topics, collections and indexes that are needed, where they are not there, and end" },       \
	{                                                                                                              \
		"PREPARE_TIMEOUT", "5m", setting_duration, &(p).timeout_ms,                                            \
			"with --prepare: how long servers may be away", 0, 86400000                                    \
	}

struct prepare_step {
	const char *name; /* for the log: "topics"; NULL ends the list */
	/* Makes what is not there. 0, positive: not now, perhaps later, negative: never. Where not 0, *ret_why says what is
	 * wrong, valid until the next call. */
	int (*make)(void *owner, const char **ret_why);
	void *owner;
};

/* One step after the other, each until it is done. 0; or, with the reason in the log, SERVICE_E_FAILED: it can never be
 * done, the time is over, or the end was asked for (service_stopping()). */
MUST_CHECK int prepare_run(const struct prepare *p, const struct prepare_step *steps);

/* Logs that something was made: "topic", "collection", "index". For whoever makes it, in --prepare or not. */
void prepare_made(const char *kind, const char *name);
