/* device_unknown - trackers that came and are nobody's, with the codes that claim them: for whoever runs Pettrack. */
#include "cli/command.h"
#include "cli/device.h"
#include "cli/operator.h"
#include "cli/pages.h"
#include "cli/table.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PATIENCE_MS = 10000 };

/* ---- reading ---- */

static int add_page(void *list, const json_t *devices)
{
	return json_array_extend(list, (json_t *)(uintptr_t)devices) ? -ENOMEM : 0;
}

static int newest_first(const void *a, const void *b)
{
	const json_t *const *x = a, *const *y = b;

	return strcmp(device_text(*y, "last_contact"), device_text(*x, "last_contact"));
}

/* A new array of the same, the last that came first. NULL when memory is out. */
static json_t *sorted(const json_t *list)
{
	size_t n = json_array_size(list);
	json_t **items = calloc(n + 1, sizeof(json_t *)), *result = json_array();

	for (size_t i = 0; items && i < n; i++)
		items[i] = json_array_get(list, i);
	if (items)
		qsort(items, n, sizeof(const json_t *), newest_first);
	for (size_t i = 0; items && i < n; i++)
		json_array_append(result, items[i]);
	if (!items || json_array_size(result) < n) {
		json_decref(result);
		result = NULL;
	}
	free(items);
	return result;
}

static int read_all(const struct client_options *auth, json_t **ret)
{
	struct client *client;
	json_t *list = json_array();
	int r = client_open(&client, auth);

	if (r == 0) {
		r = pages_read(client, "/internal/v1/devices/unknown", PATIENCE_MS, add_page, list);
		client_close(client);
	}
	if (r == 0) {
		*ret = sorted(list);
		r = *ret ? 0 : -ENOMEM;
	}
	json_decref(list);
	return r;
}

/* ---- printing ---- */

static const struct table_column columns[] = {
	{ "IDENTIFIER", "identifier" },
	{ "PROTOCOL", "protocol" },
	{ "ADDRESS", "address" },
	{ "FIRST CONTACT", "first_contact" },
	{ "LAST CONTACT", "last_contact" },
	{ "CONTACTS", "contacts" },
	{ "CODE", "code" },
};

int device_unknown(int argc, char **argv)
{
	static bool json_wanted;
	static struct client_options auth;
	static const struct setting settings[] = {
		OPERATOR_SETTINGS(auth, "devices.unknown"),
		DEVICE_JSON_SETTING(json_wanted),
		{ 0 },
	};
	json_t *list = NULL;
	int r = service_settings(&(struct service){ argv[0],
					 "Lists trackers that came and are no device, the latest first, each with the "
					 "code by which its owner\nclaims it: pettrack device claim. For whoever runs "
					 "Pettrack: it needs a client of auth's, not a login.",
					 settings, "PETTRACK_" },
		argc, argv);

	if (r)
		return settings_exit(r);
	r = read_all(&auth, &list);
	if (r)
		return complain("auth does not list unknown trackers: %s", r < 0 ? strerror(-r) : client_last_error());
	if (json_wanted)
		device_print_json(list);
	else
		table_print(list, columns, sizeof columns / sizeof *columns);
	json_decref(list);
	return EXIT_SUCCESS;
}
