/* links_terms - each member read where it is there; then what they must be to one another. */
#include "auth/devices/links_terms.h"
#include "base/time.h"

static bool fault(struct check_fault *ret, const char *member, const char *must)
{
	*ret = (struct check_fault){ member, must };
	return false;
}

static bool read_flag(bool *t, const json_t *body, const char *member, struct check_fault *ret)
{
	const json_t *v = json_object_get(body, member);

	if (v && !json_is_boolean(v))
		return fault(ret, member, "be true or false");
	if (v)
		*t = json_is_true(v);
	return true;
}

/* A time, or null for @none. */
static bool read_bound(int64_t *t, const json_t *body, const char *member, int64_t none, struct check_fault *ret)
{
	const json_t *v = json_object_get(body, member);

	if (json_is_null(v))
		*t = none;
	else if (v && (!json_is_string(v) || time_parse(t, json_string_value(v), json_string_length(v))))
		return fault(ret, member, "be a time of RFC 3339, such as \"2026-01-02T03:04:05Z\", or null");
	return true;
}

static bool read_blur(int64_t *t, const json_t *body, struct check_fault *ret)
{
	const json_t *v = json_object_get(body, "blur");
	json_int_t n = json_integer_value(v);

	if (v && (!json_is_integer(v) || (n != BLUR_NONE && (n < BLUR_MIN || n > BLUR_MAX))))
		return fault(ret, "blur", "be 0, or 4 to 7: characters of a geohash");
	if (v)
		*t = n;
	return true;
}

static bool read_expiry(int64_t *t, const json_t *body, int64_t now_ms, int64_t age_max_ms, struct check_fault *ret)
{
	const json_t *at = json_object_get(body, "expires"), *in = json_object_get(body, "expires_in_s");
	json_int_t s = json_integer_value(in);

	if (at && in)
		return fault(ret, "expires", "not be given beside \"expires_in_s\"");
	if (in && (!json_is_integer(in) || s < 1 || s > age_max_ms / 1000))
		return fault(ret, "expires_in_s", "be 1 or more, and not more than AUTH_LINK_AGE_MAX");
	if (in)
		*t = now_ms + s * 1000;
	if (at && (!json_is_string(at) || time_parse(t, json_string_value(at), json_string_length(at)) ||
			  *t <= now_ms || *t > now_ms + age_max_ms))
		return fault(
			ret, "expires", "be a time of RFC 3339 to come, and not later than AUTH_LINK_AGE_MAX from now");
	return true;
}

static bool check_whole(const struct share_terms *t, struct check_fault *ret)
{
	if (!t->live && !t->history)
		return fault(ret, "live", "be true where \"history\" is not");
	if (t->from_ms >= t->until_ms)
		return fault(ret, "until", "be after \"from\"");
	return t->expires_ms != 0 || fault(ret, "expires", "say when the link ends, or \"expires_in_s\" in how long");
}

bool link_terms_read(
	struct share_terms *t, const json_t *body, int64_t now_ms, int64_t age_max_ms, struct check_fault *ret_fault)
{
	return read_flag(&t->live, body, "live", ret_fault) && read_flag(&t->history, body, "history", ret_fault) &&
	       read_bound(&t->from_ms, body, "from", SHARE_ALWAYS, ret_fault) &&
	       read_bound(&t->until_ms, body, "until", SHARE_FOR_EVER, ret_fault) &&
	       read_blur(&t->blur, body, ret_fault) &&
	       read_expiry(&t->expires_ms, body, now_ms, age_max_ms, ret_fault) && check_whole(t, ret_fault);
}
