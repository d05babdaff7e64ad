/* parameters - each text checked, the first mistake told. */
#include "query/api/parameters.h"
#include "base/text.h"
#include "base/time.h"

#include <string.h>

/* Every time that a position can have: the end of the year 9999 is past the last one. */
static const int64_t time_end_ms = 253402300800000;

static int complain(struct complaint *ret, const char *code, const char *detail)
{
	*ret = (struct complaint){ code, detail };
	return PARAMETERS_E_INVALID;
}

/* @value becomes one of two words. Returns whether it was one of them, or absent. */
static bool read_word(bool *ret, const char *value, const char *no, const char *yes)
{
	*ret = value && !strcmp(value, yes);
	return !value || *ret || !strcmp(value, no);
}

static bool read_limit(int64_t *ret, const char *value, int64_t fallback, int64_t max)
{
	*ret = fallback;
	return !value || (!text_to_int(ret, value, strlen(value)) && *ret >= 1 && *ret <= max);
}

static bool read_time(int64_t *ret, const char *value)
{
	return !value || !time_parse(ret, value, strlen(value));
}

/* Leaves out what the pages before have shown: times are whole milliseconds, and no device has two fixes of one time. */
static bool skip_seen(struct history_range *r, const char *text, const struct uuid *device)
{
	struct cursor c;

	if (!text)
		return true;
	if (cursor_parse(&c, text) || c.kind != CURSOR_HISTORY || c.descending != r->descending ||
		!uuid_same(&c.device, device))
		return false;
	if (r->descending && c.time_ms < r->to_ms)
		r->to_ms = c.time_ms;
	else if (!r->descending && c.time_ms >= r->from_ms)
		r->from_ms = c.time_ms < time_end_ms ? c.time_ms + 1 : time_end_ms;
	return true;
}

int history_parameters(struct history_range *ret, struct complaint *ret_complaint, const struct history_texts *t,
	const struct uuid *device)
{
	struct history_range r = { .to_ms = time_end_ms };
	struct complaint *c = ret_complaint;

	if (!read_time(&r.from_ms, t->from))
		return complain(c, "invalid_time",
			"from must be a time of RFC 3339, such as 2026-01-02T03:04:05Z; in a URL, + is %2B.");
	if (!read_time(&r.to_ms, t->to))
		return complain(c, "invalid_time",
			"to must be a time of RFC 3339, such as 2026-01-02T03:04:05Z; in a URL, + is %2B.");
	if (r.from_ms > r.to_ms)
		return complain(c, "invalid_time", "from must not be after to.");
	if (!read_word(&r.descending, t->order, "asc", "desc"))
		return complain(c, "invalid_order", "order must be asc or desc.");
	if (!read_word(&r.geojson, t->format, "json", "geojson"))
		return complain(c, "invalid_format", "format must be json or geojson.");
	if (!read_limit(&r.limit, t->limit, HISTORY_LIMIT, HISTORY_LIMIT_MAX))
		return complain(c, "invalid_limit", "limit must be 1 to 10000.");
	if (!skip_seen(&r, t->cursor, device))
		return complain(c, "invalid_cursor", "cursor must be the next of a page of the same request.");
	*ret = r;
	return 0;
}

int latest_parameters(struct latest_range *ret, struct complaint *ret_complaint, const char *limit, const char *cursor)
{
	struct latest_range r = { .after_any = cursor != NULL };
	struct cursor c = { 0 };

	if (!read_limit(&r.limit, limit, LATEST_LIMIT, LATEST_LIMIT_MAX))
		return complain(ret_complaint, "invalid_limit", "limit must be 1 to 1000.");
	if (cursor && (cursor_parse(&c, cursor) || c.kind != CURSOR_LATEST))
		return complain(
			ret_complaint, "invalid_cursor", "cursor must be the next of a page of the same request.");
	r.after = c.device;
	*ret = r;
	return 0;
}
