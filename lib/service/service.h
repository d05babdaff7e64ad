/*
 * service - what every program starts and ends with: settings, log, signals
 *
 *     static const char *brokers;
 *     static const struct setting settings[] = {
 *             { "KAFKA_BROKERS", "127.0.0.1:9092", setting_text, &brokers, "Kafka's bootstrap servers" },
 *             { 0 },
 *     };
 *     int r = service_start(&(struct service){ "pettrack-writer", "Kafka into MongoDB", settings }, argc, argv);
 *
 * A setting NAME comes from the flag --name (underscores become hyphens), else from the environment variable NAME,
 * else, for SETTING_SECRET ones, from the file named by NAME_FILE or --name-file (one trailing newline is dropped), else
 * from its default. A variable that is set but empty counts as not set. A flag may leave out the program's prefix and,
 * where that leaves no doubt, the name's first word: --brokers for KAFKA_BROKERS. One read by setting_bool needs no
 * value. --help prints the table, --version the version. Common settings of every program (LOG_LEVEL, LOG_FORMAT) are
 * added by the library. A program that has OPS_ADDRESS and OPS_PORT also has --probe healthz and --probe readyz: they ask
 * the one that runs with the same two, and need no other setting.
 *
 * Thread: service_start() first, from main, before other threads exist. service_stopping() from any.
 */
#pragma once

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum setting_flag {
	SETTING_SECRET = 1 << 0, /* never printed; also from NAME_FILE */
	SETTING_REQUIRED = 1 << 1, /* refuse to start without it */
};

/* Reads @text into @target. NULL, or what is wrong and how to mend it: "must be 1 to 65535". The text given stays
 * valid for the life of the process. */
typedef const char *(*setting_parser)(const char *text, void *target, int64_t min, int64_t max);

struct setting {
	const char *name; /* upper case; NULL ends the table */
	const char *fallback; /* default, as text; NULL: the target is left as it is */
	setting_parser parse;
	void *target;
	const char *help; /* one line, unit included */
	int64_t min, max; /* for numbers; both 0: no bounds beyond the type's */
	unsigned flags; /* enum setting_flag */
};

const char *setting_text(const char *text, void *target, int64_t min, int64_t max); /* const char ** */
const char *setting_int(const char *text, void *target, int64_t min, int64_t max); /* int64_t * */
const char *setting_size(const char *text, void *target, int64_t min, int64_t max); /* int64_t *, bytes: 64k, 16M, 1G */
const char *setting_duration(
	const char *text, void *target, int64_t min, int64_t max); /* int64_t *, ms: 500ms, 30s, 15m, 2h, 7d */
const char *setting_port(const char *text, void *target, int64_t min, int64_t max); /* uint16_t *, 0 = any free port */
const char *setting_bool(const char *text, void *target, int64_t min, int64_t max); /* bool *, true or false */
const char *setting_networks(
	const char *text, void *target, int64_t min, int64_t max); /* struct networks *: 10.0.0.0/8,2001:db8::/32 */

struct service {
	const char *name; /* of the program */
	const char *summary; /* for --help */
	const struct setting *settings;
	const char *prefix; /* "AUTH_": --help shows AUTH_ROLES as --roles; NULL: as --auth-roles. Both are taken */
	const char *arguments; /* what may stand beside flags, for --help: "NAME"; NULL: nothing may */
	const char **ret_arguments; /* where those go, @arguments_max at most; what was not given is left as it is */
	size_t arguments_max;
};

enum service_result {
	SERVICE_E_DONE = 1, /* --help, --version or --probe was answered: exit 0 */
	SERVICE_E_USAGE, /* a setting was wrong and said so on stderr: exit 2 */
	SERVICE_E_FAILED, /* what was asked for did not go well, and said so on stderr or in the log: exit 1 */
};

/* Reads the settings, opens the log, takes SIGTERM and SIGINT (blocked in every thread started later and read by
 * service_wait), ignores SIGPIPE. 0, enum service_result, or -errno. */
MUST_CHECK int service_start(const struct service *s, int argc, char **argv);

/* Reads the settings and opens the log, and leaves signals as they are: for commands that end by themselves. The same
 * results. */
MUST_CHECK int service_settings(const struct service *s, int argc, char **argv);

/* Sleeps until SIGTERM, SIGINT or service_stop(). Returns 0, or the reason that was given to service_stop(). */
MUST_CHECK int service_wait(void);

/* Ends service_wait() from any thread. @reason: 0 for a wanted end, -errno for a fatal one. The first call counts. */
void service_stop(int reason);

/* Whether the end has begun. Costs a system call until then: once a turn of a loop, not once a record. */
bool service_stopping(void);

/* An fd that becomes readable when the end has begun; for event loops. Never read from it, never close it. */
int service_stop_fd(void);

/* From now on the process has @ms to end by itself, or is ended: with a line in the log and status 1. For a fatal end, which
 * others wait for, where a library might not come back from being closed. */
void service_end_within(int64_t ms);

/* Logs a fatal @r (negative) with what was being done and turns a result into main()'s exit status: 0 or
 * SERVICE_E_DONE give 0, SERVICE_E_USAGE 2, all else 1. */
int service_exit(int r);
