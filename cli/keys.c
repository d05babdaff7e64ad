/* keys - `pettrack keys rotate`: another signing key before its time, for whoever runs Pettrack. */
#include "cli/command.h"
#include "cli/device.h"
#include "cli/operator.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool json_wanted, revoke;
static struct client_options auth;

static const struct setting settings[] = {
	OPERATOR_SETTINGS(auth, "keys.rotate"),
	{ "PETTRACK_REVOKE_CURRENT", "false", setting_bool, &revoke,
		"the current key was stolen: what it has signed is refused at once" },
	DEVICE_JSON_SETTING(json_wanted),
	{ 0 },
};

static const char *text(const json_t *answer, const char *name)
{
	const char *s = json_string_value(json_object_get(answer, name));

	return s ? s : "?";
}

static void print(const json_t *answer)
{
	if (json_wanted) {
		device_print_json(answer);
	} else {
		printf("current  %s\nnext     %s, signs from %s\n", text(answer, "current"), text(answer, "next"),
			text(answer, "next_active"));
	}
}

static int rotate(int argc, char **argv)
{
	json_t *answer = NULL;
	int r = service_settings(
		&(struct service){ argv[0],
			"Has the signing key that waits sign as soon as everybody had time to fetch it, "
			"which auth's\nAUTH_KEY_PUBLISH says, and makes a new one that waits. For whoever runs "
			"Pettrack: it needs a client\nof auth's, not a login.",
			settings, "PETTRACK_" },
		argc, argv);

	if (r)
		return settings_exit(r);
	r = operator_post(&auth, "/internal/v1/keys/rotate", json_pack("{sb}", "revoke_current", revoke), &answer);
	if (r)
		return complain("the keys were not rotated: %s", r < 0 ? strerror(-r) : client_last_error());
	print(answer);
	json_decref(answer);
	return EXIT_SUCCESS;
}

static int run(int argc, char **argv)
{
	char name[64];

	if (argc < 2 || strcmp(argv[1], "rotate") != 0) {
		bool asked = argc > 1 && !strcmp(argv[1], "--help");
		fprintf(asked ? stdout : stderr, "Usage: %s rotate [--flag VALUE]...\n", argv[0]);
		return asked ? EXIT_SUCCESS : 2;
	}
	snprintf(name, sizeof name, "%s rotate", argv[0]);
	argv[1] = name;
	return rotate(argc - 1, argv + 1);
}

const struct command command_keys = { "keys", "rotate the keys that sign access tokens", run };
