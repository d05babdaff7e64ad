/* grants - auth's routes /v1/grants and /v1/devices/{id}/grants. */
#include "cli/grants.h"
#include "cli/listing.h"

#include <errno.h>
#include <stdio.h>

enum { PATH_SIZE = 128 };

int grants_offer(struct session *s, const char *device_id, const char *email, const char *rights, json_t **ret)
{
	char path[PATH_SIZE];
	json_t *body = json_pack("{ss ss}", "email", email, "rights", rights);

	snprintf(path, sizeof path, "/v1/devices/%s/grants", device_id);
	int r = body ? session_call(s, "POST", path, body, ret) : -ENOMEM;
	json_decref(body);
	return r;
}

int grants_of_device(struct session *s, const char *device_id, json_t **ret_array)
{
	char path[PATH_SIZE];
	json_t *answer = NULL;

	snprintf(path, sizeof path, "/v1/devices/%s/grants", device_id);
	int r = session_call(s, "GET", path, NULL, &answer);
	if (r)
		return r;
	*ret_array = json_incref(json_object_get(answer, "grants"));
	json_decref(answer);
	return *ret_array ? 0 : SESSION_E_REFUSED;
}

int grants_list(struct session *s, const char *side, json_t **ret_array)
{
	char path[PATH_SIZE];

	snprintf(path, sizeof path, "/v1/grants?side=%s", side);
	return listing_read(s, path, "grants", ret_array);
}

int grants_answer(struct session *s, const char *id, const char *answer)
{
	char path[PATH_SIZE];

	snprintf(path, sizeof path, "/v1/grants/%s/%s", id, answer);
	return session_call(s, "POST", path, NULL, NULL);
}

int grants_end(struct session *s, const char *id)
{
	char path[PATH_SIZE];

	snprintf(path, sizeof path, "/v1/grants/%s", id);
	return session_call(s, "DELETE", path, NULL, NULL);
}
