#include "query/access/limits.h"
#include "base/geo.h"

#include <string.h>

static bool read_flag(bool *ret, const json_t *limits, const char *name)
{
	const json_t *v = json_object_get(limits, name);

	*ret = json_is_true(v);
	return json_is_boolean(v);
}

/* Leaves *ret where it is absent. */
static bool read_time(int64_t *ret, const json_t *limits, const char *name)
{
	const json_t *v = json_object_get(limits, name);

	if (v)
		*ret = json_integer_value(v);
	return !v || json_is_integer(v);
}

static bool read_blur(int *ret, const json_t *limits)
{
	const json_t *v = json_object_get(limits, "blur");
	json_int_t n = json_integer_value(v);

	*ret = (int)n;
	return json_is_integer(v) && (n == 0 || (n >= LIMITS_BLUR_MIN && n <= LIMITS_BLUR_MAX));
}

int limits_read(struct limits *ret, const json_t *limits)
{
	struct limits l = { .limited = true, .from_ms = INT64_MIN, .until_ms = INT64_MAX };

	if (!limits) {
		*ret = (struct limits){ 0 };
		return 0;
	}
	if (!read_flag(&l.live, limits, "live") || !read_flag(&l.history, limits, "history") ||
		!read_time(&l.from_ms, limits, "from") || !read_time(&l.until_ms, limits, "until") ||
		!read_time(&l.expires_ms, limits, "expires") || !read_blur(&l.blur, limits))
		return LIMITS_E_INVALID;
	*ret = l;
	return 0;
}

bool limits_same(const struct limits *a, const struct limits *b)
{
	return a->limited == b->limited && a->live == b->live && a->history == b->history && a->from_ms == b->from_ms &&
	       a->until_ms == b->until_ms && a->blur == b->blur;
}

static void blur(struct position *p, int length)
{
	struct position shown = { .device = p->device, .time_ms = p->time_ms, .invalid = p->invalid };

	if (position_has(p, POSITION_LOCATION)) {
		struct geohash_cell cell = geohash_cell(p->lat_e7, p->lon_e7, length);
		shown.has = POSITION_LOCATION | POSITION_ACCURACY;
		shown.lat_e7 = cell.lat_e7;
		shown.lon_e7 = cell.lon_e7;
		shown.accuracy_m = (float)cell.radius_m;
	}
	*p = shown;
}

void limits_apply(const struct limits *l, struct position *p)
{
	if (!l->limited)
		return;
	p->protocol = NULL;
	p->attributes_n = 0;
	if (l->blur)
		blur(p, l->blur);
}
