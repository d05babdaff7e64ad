/* replies - every answer stands in memory of its own size, so that a sanitizer sees a read behind its end. */
#include "replies.h"

#include "base/text.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

const struct position replies_fix = {
	.time_ms = 1498266237000,
	.lat_e7 = 501703150,
	.lon_e7 = -51138510,
	.speed_mps = 10,
	.course_deg = 359.6f,
	.altitude_m = 154.67f,
	.accuracy_m = 4.5f,
	.battery_pct = 71,
	.has = POSITION_LOCATION | POSITION_SPEED | POSITION_COURSE | POSITION_ALTITUDE | POSITION_ACCURACY |
	       POSITION_BATTERY,
};

enum { SAID_MAX = 2048 };

/* ---- what is said ---- */

static size_t say(const struct dialect *d, uint8_t *out, size_t size, const char *identifier, size_t n)
{
	struct position many[2] = { replies_fix, replies_fix };

	ck_assert_uint_le(n, 2);
	return n ? d->frame(out, size, identifier, "s3cret", many, n) : d->login(out, size, identifier);
}

static uint8_t said[SAID_MAX + 1];

static size_t say_in_no_less_room(const char *dialect, const char *identifier, size_t n)
{
	const struct dialect *d = dialect_find(dialect);
	size_t len = say(d, said, SAID_MAX, identifier, n);
	uint8_t *less = malloc(len + 1);

	for (size_t size = 1; size < len; size++)
		ck_assert_uint_eq(say(d, less, size, identifier, n), 0);
	free(less);
	said[len] = '\0';
	return len;
}

const char *replies_frame(const char *dialect, const char *identifier, size_t n)
{
	say_in_no_less_room(dialect, identifier, n);
	return (const char *)said;
}

static const char *said_hex(const char *dialect, const char *identifier, size_t n)
{
	static char hex[2 * SAID_MAX + 1];
	size_t len = say_in_no_less_room(dialect, identifier, n);

	text_hex(hex, said, len);
	return hex;
}

const char *replies_frame_hex(const char *dialect, const char *identifier, size_t n)
{
	return said_hex(dialect, identifier, n);
}

const char *replies_login_hex(const char *dialect, const char *identifier)
{
	return said_hex(dialect, identifier, 0);
}

/* ---- what is answered ---- */

/* The first @n bytes of the case's answer, or all that there are. */
static struct reply read_case(const struct reply_case *c, size_t n)
{
	size_t len = strlen(c->bytes) / (c->hex ? 2 : 1);
	uint8_t bytes[SAID_MAX];

	ck_assert_uint_le(len, sizeof bytes);
	if (c->hex)
		ck_assert_int_eq(text_unhex(bytes, len, c->bytes, 2 * len), 0);
	else
		memcpy(bytes, c->bytes, len);
	n = n < len ? n : len;
	uint8_t *exact = malloc(n ? n : 1);
	memcpy(exact, bytes, n);
	struct reply r = dialect_find(c->dialect)->read(exact, n, c->greeting, c->sent);
	free(exact);
	return r;
}

void replies_check(const struct reply_case *c)
{
	size_t len = strlen(c->bytes) / (c->hex ? 2 : 1);
	struct reply r = read_case(c, len);

	ck_assert_msg(r.kind == c->kind, "%s, %s: %d, not %d", c->dialect, c->why, (int)r.kind, (int)c->kind);
	if (r.kind == REPLY_GARBAGE)
		return;
	ck_assert_msg(r.used == len - c->rest, "%s, %s: %zu bytes", c->dialect, c->why, r.used);
	ck_assert_msg(r.taken == c->taken, "%s, %s: %zu taken", c->dialect, c->why, r.taken);
	ck_assert_msg(r.last == c->last, "%s, %s: last", c->dialect, c->why);
}

void replies_check_beginnings(const struct reply_case *c)
{
	size_t used = read_case(c, SAID_MAX).used;

	for (size_t n = 0; n < used && c->kind != REPLY_GARBAGE; n++)
		ck_assert_msg(read_case(c, n).kind == REPLY_MORE, "%s, %s: %zu bytes of it", c->dialect, c->why, n);
}
