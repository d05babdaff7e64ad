/* service's parsers: the text of a setting into its variable, or what is wrong and how to mend it. */
#include "service/settings.h"
#include "base/network.h"

#include <errno.h>
#include <string.h>

struct unit {
	const char *name;
	int64_t factor;
};

static const struct unit sizes[] = { { "", 1 }, { "k", 1 << 10 }, { "K", 1 << 10 }, { "M", 1 << 20 }, { "G", 1 << 30 },
	{ 0 } };
static const struct unit durations[] = { { "ms", 1 }, { "s", 1000 }, { "m", 60000 }, { "h", 3600000 },
	{ "d", 86400000 }, { 0 } };

/* The complaint, until the next one. Settings are read by one thread. */
static char complaint[160];

static bool within(int64_t v, int64_t min, int64_t max)
{
	return (min == 0 && max == 0) || (v >= min && v <= max);
}

/* The largest unit that divides @v, so that bounds read as people write them. */
static void put_quantity(struct text *t, int64_t v, const struct unit *units)
{
	const struct unit *best = units;

	for (const struct unit *u = units; u->name; u++)
		if (v && v % u->factor == 0 && u->factor > best->factor)
			best = u;
	text_int(t, v / best->factor);
	text_puts(t, best->name);
}

static const char *must_be(const char *what, int64_t min, int64_t max, const struct unit *units)
{
	struct text t = text_in(complaint, sizeof complaint);

	text_puts(&t, "must be ");
	text_puts(&t, what);
	if (min || max) {
		text_puts(&t, *what ? ", " : "");
		put_quantity(&t, min, units);
		text_puts(&t, " to ");
		put_quantity(&t, max, units);
	}
	return complaint;
}

static bool quantity(int64_t *ret, const char *text, const struct unit *units)
{
	size_t digits = strspn(text, "0123456789");
	int64_t v;

	if (text_to_int(&v, text, digits))
		return false;
	for (const struct unit *u = units; u->name; u++)
		if (!strcmp(text + digits, u->name))
			return !__builtin_mul_overflow(v, u->factor, ret);
	*ret = 0;
	return v == 0 && text[digits] == '\0';
}

void setting_put_bounds(struct text *t, const struct setting *s)
{
	static const struct unit none[] = { { "", 1 }, { 0 } };
	const struct unit *units = s->parse == setting_duration ? durations : s->parse == setting_size ? sizes : none;

	put_quantity(t, s->min, units);
	text_puts(t, " to ");
	put_quantity(t, s->max, units);
}

const char *setting_text(const char *text, void *target, int64_t min, int64_t max)
{
	(void)min;
	(void)max;
	*(const char **)target = text;
	return NULL;
}

const char *setting_int(const char *text, void *target, int64_t min, int64_t max)
{
	int64_t v;

	if (text_to_int(&v, text, strlen(text)) || !within(v, min, max))
		return must_be(min || max ? "" : "a whole number", min, max, (const struct unit[]){ { "", 1 }, { 0 } });
	*(int64_t *)target = v;
	return NULL;
}

const char *setting_size(const char *text, void *target, int64_t min, int64_t max)
{
	int64_t v;

	if (!quantity(&v, text, sizes) || !within(v, min, max))
		return must_be("a size such as 64k, 16M or 1G", min, max, sizes);
	*(int64_t *)target = v;
	return NULL;
}

const char *setting_duration(const char *text, void *target, int64_t min, int64_t max)
{
	int64_t v;

	if (!quantity(&v, text, durations) || !within(v, min, max))
		return must_be("a duration such as 500ms, 30s, 15m, 2h or 7d", min, max, durations);
	*(int64_t *)target = v;
	return NULL;
}

const char *setting_port(const char *text, void *target, int64_t min, int64_t max)
{
	int64_t v;

	if (min == 0 && max == 0)
		max = UINT16_MAX;
	const char *wrong = setting_int(text, &v, min, max);
	if (!wrong)
		*(uint16_t *)target = (uint16_t)v;
	return wrong;
}

const char *setting_bool(const char *text, void *target, int64_t min, int64_t max)
{
	bool on = !strcmp(text, "true");

	(void)min;
	(void)max;
	if (!on && strcmp(text, "false") != 0)
		return "must be true or false";
	*(bool *)target = on;
	return NULL;
}

const char *setting_networks(const char *text, void *target, int64_t min, int64_t max)
{
	(void)min;
	(void)max;
	switch (networks_parse(target, text)) {
	case 0:
		return NULL;
	case -E2BIG:
		return "must be 32 networks at most";
	default:
		return "must be networks such as 10.0.0.0/8 or 2001:db8::/32, comma-separated, with no bit set behind "
		       "the "
		       "prefix";
	}
}
