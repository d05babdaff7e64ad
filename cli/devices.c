/* devices - auth's routes /v1/devices. */
#include "cli/devices.h"
#include "cli/listing.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PATH_SIZE = 512 };

const char *device_text(const json_t *device, const char *member)
{
	const char *text = json_string_value(json_object_get(device, member));

	return text ? text : "";
}

int devices_list(struct session *s, json_t **ret_array)
{
	return listing_read(s, "/v1/devices", "devices", ret_array);
}

/* @body is stolen. */
static int create(struct session *s, json_t *body, json_t **ret)
{
	int r = body ? session_call(s, "POST", "/v1/devices", body, ret) : -ENOMEM;

	json_decref(body);
	return r;
}

int devices_add(struct session *s, const char *name, const char *identifier, json_t *pet, json_t **ret)
{
	return create(s, json_pack("{s:s, s:s*, s:O*}", "name", name, "identifier", identifier, "pet", pet), ret);
}

int devices_claim(struct session *s, const char *name, const char *identifier, const char *code, json_t **ret)
{
	return create(s, json_pack("{s:s, s:s, s:s}", "name", name, "identifier", identifier, "code", code), ret);
}

int devices_change(struct session *s, const char *id, const json_t *body, json_t **ret)
{
	char path[PATH_SIZE];

	snprintf(path, sizeof path, "/v1/devices/%s", id);
	return session_call(s, "PATCH", path, body, ret);
}

int devices_rotate(struct session *s, const char *id, char **ret_secret)
{
	char path[PATH_SIZE];
	json_t *answer = NULL;

	snprintf(path, sizeof path, "/v1/devices/%s/secret", id);
	int r = session_call(s, "POST", path, NULL, &answer);
	if (r)
		return r;
	char *secret = strdup(device_text(answer, "secret"));
	json_decref(answer);
	if (!secret)
		return -ENOMEM;
	*ret_secret = secret;
	return 0;
}

int devices_remove(struct session *s, const char *id)
{
	char path[PATH_SIZE];

	snprintf(path, sizeof path, "/v1/devices/%s", id);
	return session_call(s, "DELETE", path, NULL, NULL);
}

static const json_t *find_by(const json_t *list, const char *member, const char *what, bool *ret_several)
{
	const json_t *found = NULL, *device;
	size_t i;

	json_array_foreach((json_t *)(uintptr_t)list, i, device)
	{
		if (strcmp(device_text(device, member), what) != 0)
			continue;
		*ret_several = found != NULL;
		if (found)
			return NULL;
		found = device;
	}
	return found;
}

const json_t *devices_find(const json_t *list, const char *what, bool *ret_several)
{
	const json_t *found = NULL;

	*ret_several = false;
	for (size_t i = 0; i < 3 && !found && !*ret_several; i++)
		found = find_by(list, (const char *const[]){ "id", "identifier", "name" }[i], what, ret_several);
	return found;
}
