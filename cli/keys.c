/* keys - `pettrack keys rotate`: another signing key before its time, for whoever runs Pettrack. */
#include "cli/command.h"
#include "client/client.h"
#include "service/service.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool json_wanted, revoke;
static struct client_options auth;

static const struct setting settings[] = {
	{ "AUTH_URL", "http://127.0.0.1:8081", setting_text, &auth.base_url, "where auth answers" },
	{ "CLIENT_ID", "operator", setting_text, &auth.client_id, "the operator's name at auth" },
	{ "CLIENT_SECRET", NULL, setting_text, &auth.client_secret, "its secret, with the scope keys.rotate",
		.flags = SETTING_SECRET | SETTING_REQUIRED },
	{ "PETTRACK_REVOKE_CURRENT", "false", setting_bool, &revoke,
		"the current key was stolen: what it has signed is refused at once" },
	{ "PETTRACK_JSON", "false", setting_bool, &json_wanted, "print JSON" },
	{ 0 },
};

static int ask(json_t **ret)
{
	struct client *client;
	json_t *body = json_pack("{sb}", "revoke_current", revoke);
	int r = client_open(&client, &auth);

	if (r == 0) {
		r = client_call(client, "POST", "/internal/v1/keys/rotate", body, NULL, ret, NULL);
		client_close(client);
	}
	json_decref(body);
	return r;
}

static const char *text(const json_t *answer, const char *name)
{
	const char *s = json_string_value(json_object_get(answer, name));

	return s ? s : "?";
}

static void print(const json_t *answer)
{
	if (json_wanted) {
		json_dumpf(answer, stdout, JSON_COMPACT | JSON_PRESERVE_ORDER);
		putchar('\n');
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
	r = ask(&answer);
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
