/*
 * log - a line is built on the stack and written at once
 *
 * A lock keeps the lines of this program's threads apart; at most PIPE_BUF bytes keep them apart from those of other
 * programs on the same pipe.
 */
#include "service/log.h"
#include "base/clock.h"
#include "base/text.h"
#include "base/time.h"

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

enum {
	LINE_MAX_BYTES = PIPE_BUF,
	TAIL_BYTES = 32, /* kept free for the end of the line */
	VALUE_MAX = 1024, /* bytes of one field's text; the rest is cut */
};

static const char *program = "pettrack";
static enum log_level threshold = LEVEL_INFO;
static bool as_json = true;

static const char *const level_names[] = {
	[LEVEL_ERROR] = "error",
	[LEVEL_WARN] = "warn",
	[LEVEL_INFO] = "info",
	[LEVEL_DEBUG] = "debug",
};

void log_open(const char *name, enum log_level level, bool json)
{
	program = name;
	threshold = level;
	as_json = json;
}

bool log_enabled(enum log_level level)
{
	return level <= threshold;
}

static void put_value(struct text *t, const struct log_field *f)
{
	if (f->text)
		text_json(t, f->text, strnlen(f->text, VALUE_MAX));
	else
		text_int(t, f->number);
}

/* In text, only what could be mistaken is quoted. */
static bool needs_quotes(const char *s)
{
	bool needs = *s == '\0';

	for (; *s && !needs; s++)
		needs = *s <= ' ' || *s >= 0x7f || *s == '"' || *s == '\\' || *s == '=';
	return needs;
}

static void put_field(struct text *t, const struct log_field *f)
{
	if (as_json) {
		text_putc(t, ',');
		text_json(t, f->name, strlen(f->name));
		text_putc(t, ':');
		put_value(t, f);
		return;
	}
	text_putc(t, ' ');
	text_puts(t, f->name);
	text_putc(t, '=');
	if (f->text && !needs_quotes(f->text))
		text_put(t, f->text, strnlen(f->text, VALUE_MAX));
	else
		put_value(t, f);
}

static void put_head(struct text *t, enum log_level level, const char *event)
{
	char now[TIME_TEXT_SIZE];

	time_format(now, clock_real_ms());
	if (!as_json) {
		text_printf(t, "%s %-5s %s", now + strlen("2026-01-02T"), level_names[level], event);
		return;
	}
	text_printf(t, "{\"time\":\"%s\",\"level\":\"%s\",\"program\":", now, level_names[level]);
	text_json(t, program, strlen(program));
	text_puts(t, ",\"event\":");
	text_json(t, event, strnlen(event, VALUE_MAX));
}

static void write_line(const char *line, size_t len)
{
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

	/* A log that cannot be written must not stop the program; there is nowhere to say so. */
	pthread_mutex_lock(&lock);
	while (len > 0) {
		ssize_t n = write(STDERR_FILENO, line, len);
		if (n < 0 && errno != EINTR)
			break;
		line += n > 0 ? n : 0;
		len -= n > 0 ? (size_t)n : 0;
	}
	pthread_mutex_unlock(&lock);
}

void log_at(enum log_level level, const char *event, ...)
{
	char line[LINE_MAX_BYTES];
	struct text t = text_in(line, sizeof line - TAIL_BYTES);
	va_list fields;
	bool cut = false;

	if (!log_enabled(level))
		return;
	int saved = errno;
	put_head(&t, level, event);
	va_start(fields, event);
	for (struct log_field f = va_arg(fields, struct log_field); f.name; f = va_arg(fields, struct log_field)) {
		size_t before = t.len;
		put_field(&t, &f);
		if (!text_ok(&t)) { /* leave this one out, and perhaps a shorter one fits */
			t.full = false;
			t.len = before;
			cut = true;
		}
	}
	va_end(fields);
	t.size = sizeof line;
	if (cut)
		put_field(&t, &LOG_I("fieldsCut", 1));
	text_puts(&t, as_json ? "}\n" : "\n");
	write_line(line, t.len);
	errno = saved;
}
