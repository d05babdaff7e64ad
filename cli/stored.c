/* stored - the first position in either order. */
#include "cli/stored.h"
#include "base/time.h"
#include "cli/devices.h"
#include "cli/patience.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { PATH_SIZE = 128 };

static int ask(struct client *query, struct session *session, const char *path, int64_t timeout_ms, json_t **ret)
{
	struct patience patience = patience_of(timeout_ms);
	const char *token;
	int r;

	do {
		r = session_token(session, &token);
		if (r)
			return r;
		r = client_call(query, "GET", path, NULL, token, ret, NULL);
	} while (r == CLIENT_E_RETRY && patience_left(&patience));
	return r;
}

static int time_of_first(const json_t *page, int64_t *ret_ms)
{
	const json_t *positions = json_object_get(page, "positions");
	const char *text = device_text(json_array_get(positions, 0), "time");

	if (!json_is_array(positions))
		return CLIENT_E_MALFORMED;
	if (json_array_size(positions) == 0) {
		*ret_ms = 0;
		return 0;
	}
	return time_parse(ret_ms, text, strlen(text)) ? CLIENT_E_MALFORMED : 0;
}

static int end_of(struct client *query, struct session *session, const char *device, const char *order,
	int64_t timeout_ms, int64_t *ret_ms)
{
	char path[PATH_SIZE];
	json_t *page = NULL;

	snprintf(path, sizeof path, "/v1/history/%s?limit=1&order=%s", device, order);
	int r = ask(query, session, path, timeout_ms, &page);
	if (r == 0)
		r = time_of_first(page, ret_ms);
	json_decref(page);
	return r;
}

int stored_span_of(
	struct stored_span *ret, struct client *query, struct session *session, const char *device, int64_t timeout_ms)
{
	struct stored_span s = { 0 };
	int r = end_of(query, session, device, "asc", timeout_ms, &s.first_ms);

	if (r == 0 && s.first_ms)
		r = end_of(query, session, device, "desc", timeout_ms, &s.last_ms);
	if (r == CLIENT_E_MISSING) /* too new for query to know it */
		r = 0;
	if (r == 0)
		*ret = s;
	return r;
}
