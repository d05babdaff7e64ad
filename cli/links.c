/* links - auth's routes /v1/links and /v1/devices/{id}/links. */
#include "cli/links.h"
#include "cli/listing.h"

#include <stdio.h>

enum { PATH_SIZE = 128 };

int links_add(struct session *s, const char *device_id, const json_t *terms, json_t **ret)
{
	char path[PATH_SIZE];

	snprintf(path, sizeof path, "/v1/devices/%s/links", device_id);
	return session_call(s, "POST", path, terms, ret);
}

int links_of_device(struct session *s, const char *device_id, json_t **ret_array)
{
	char path[PATH_SIZE];

	snprintf(path, sizeof path, "/v1/devices/%s/links", device_id);
	return listing_read(s, path, "links", ret_array);
}

int links_change(struct session *s, const char *id, const json_t *terms, json_t **ret)
{
	char path[PATH_SIZE];

	snprintf(path, sizeof path, "/v1/links/%s", id);
	return session_call(s, "PATCH", path, terms, ret);
}

int links_revoke(struct session *s, const char *id)
{
	char path[PATH_SIZE];

	snprintf(path, sizeof path, "/v1/links/%s", id);
	return session_call(s, "DELETE", path, NULL, NULL);
}
