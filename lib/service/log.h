/*
 * log - one event a line on standard error: JSON, or text where that is a terminal
 *
 *     log_info("topic created", LOG_S("topic", name), LOG_I("partitions", n));
 *     {"time":"2026-01-02T03:04:05.000Z","level":"info","program":"pettrack-writer","event":"topic created","topic":"positions","partitions":12}
 *
 * No position, token, secret or e-mail address goes in above debug. The event is a fixed text, so that it can be
 * searched for; what varies goes into fields.
 * Thread: any; a line is written whole.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum log_level { LEVEL_ERROR = 1, LEVEL_WARN, LEVEL_INFO, LEVEL_DEBUG };

struct log_field {
	const char *name; /* NULL ends the list */
	const char *text; /* NULL: @number is meant */
	int64_t number;
};

static inline struct log_field log_text(const char *name, const char *text)
{
	return (struct log_field){ .name = name, .text = text ? text : "" };
}

#define LOG_S(n, s) log_text((n), (s))
#define LOG_I(n, i) ((struct log_field){ .name = (n), .number = (int64_t)(i) })
#define LOG_END ((struct log_field){ .name = 0 })

/* @event, then struct log_field by value, LOG_END last; the macros below add it. */
void log_at(enum log_level level, const char *event, ...);

#define log_error(...) log_at(LEVEL_ERROR, __VA_ARGS__, LOG_END)
#define log_warn(...) log_at(LEVEL_WARN, __VA_ARGS__, LOG_END)
#define log_info(...) log_at(LEVEL_INFO, __VA_ARGS__, LOG_END)
#define log_debug(...) log_at(LEVEL_DEBUG, __VA_ARGS__, LOG_END)

/* For callers whose fields are costly to make. */
bool log_enabled(enum log_level level);

/* Called by service_start(); tests call it themselves. @program is borrowed. */
void log_open(const char *program, enum log_level level, bool json);
