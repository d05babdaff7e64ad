/* device_share - with whom a tracker of the account is shared. */
#include "cli/command.h"
#include "cli/device.h"
#include "cli/grants.h"
#include "cli/table.h"

#include <stdio.h>
#include <stdlib.h>

static bool json_wanted, manage;
static const char *words[2]; /* the device, the address */

/* ---- share ---- */

static void print_offer(const json_t *grant)
{
	bool waits = *device_text(grant, "expires");

	printf("%s is shared with %s, to %s%s%s.\n", device_text(json_object_get(grant, "device"), "name"),
		device_text(grant, "email"), device_text(grant, "rights"), waits ? ", once it is accepted by " : "",
		device_text(grant, "expires"));
}

static int share_one(struct session *s, const json_t *device)
{
	json_t *grant = NULL;

	if (!words[1]) {
		complain("with whom? An e-mail address is missing");
		return 2;
	}
	int r = grants_offer(s, device_text(device, "id"), words[1], manage ? "manage" : "view", &grant);
	if (r)
		return device_failed(r);
	if (json_wanted)
		device_print_json(grant);
	else
		print_offer(grant);
	json_decref(grant);
	return EXIT_SUCCESS;
}

int device_share(int argc, char **argv)
{
	static const struct setting settings[] = {
		{ "PETTRACK_MANAGE", "false", setting_bool, &manage,
			"they may also change its name, its pet and its rules" },
		DEVICE_JSON_SETTING(json_wanted),
		{ 0 },
	};

	return device_on_one_and("Shares a tracker with an e-mail address, to see where it is and was. Whoever has an "
				 "account of that address\nmay accept or decline: pettrack shares.",
		settings, "DEVICE EMAIL", words, 2, argc, argv, share_one);
}

/* ---- shares ---- */

static const struct table_column columns[] = {
	{ "SHARE", "id" },
	{ "WITH", "email" },
	{ "RIGHTS", "rights" },
	{ "STATE", "state" },
	{ "EXPIRES", "expires" },
};

static int list_one(struct session *s, const json_t *device)
{
	json_t *grants = NULL;
	int r = grants_of_device(s, device_text(device, "id"), &grants);

	if (r)
		return device_failed(r);
	if (json_wanted)
		device_print_json(grants);
	else
		table_print(grants, columns, sizeof columns / sizeof *columns);
	json_decref(grants);
	return EXIT_SUCCESS;
}

int device_shares(int argc, char **argv)
{
	static const struct setting settings[] = { DEVICE_JSON_SETTING(json_wanted), { 0 } };

	return device_on_one(
		"Lists with whom a tracker is shared, and who has yet to accept.", settings, argc, argv, list_one);
}
