/* limit - the text of one limit. */
#include "auth/common/limiter.h"
#include "base/text.h"

#include <string.h>

enum { N_MAX = 1000000, PERIOD_SIZE = 16 };

#define LIMIT_FORM "must be 0, or as \"30/1m\" or \"30/1m burst 60\", with 1 to 1000000 in 1s to 1d"

static bool read_number(int64_t *ret, const char *text, size_t n)
{
	int64_t v;

	if (text_to_int(&v, text, n) || v < 1 || v > N_MAX)
		return false;
	*ret = v;
	return true;
}

static bool read_period(int64_t *ret_ms, const char *text, size_t n)
{
	char period[PERIOD_SIZE];

	if (n >= sizeof period)
		return false;
	memcpy(period, text, n);
	period[n] = '\0';
	return !setting_duration(period, ret_ms, 1000, 86400000);
}

const char *limit_setting(const char *text, void *target, int64_t min, int64_t max)
{
	static const char burst[] = " burst ";
	struct limit limit = { 0 };
	size_t digits = strcspn(text, "/");

	(void)min;
	(void)max;
	if (strcmp(text, "0") != 0) {
		const char *period = text + digits + (text[digits] == '/');
		const char *more = strstr(period, burst);
		if (!read_number(&limit.n, text, digits) ||
			!read_period(&limit.period_ms, period, more ? (size_t)(more - period) : strlen(period)))
			return LIMIT_FORM;
		limit.burst = limit.n;
		if (more && !read_number(&limit.burst, more + sizeof burst - 1, strlen(more + sizeof burst - 1)))
			return LIMIT_FORM;
	}
	*(struct limit *)target = limit;
	return NULL;
}
