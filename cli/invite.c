/* invite - `pettrack invite`: somebody may have an account, where not everybody may; for whoever runs Pettrack. */
#include "cli/command.h"
#include "cli/device.h"
#include "cli/operator.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MS_PER_S = 1000 };

static bool json_wanted;
static int64_t expires_in_ms;
static const char *email;
static struct client_options auth;

static const struct setting settings[] = {
	OPERATOR_SETTINGS(auth, "users.invite"),
	{ "PETTRACK_EXPIRES_IN", NULL, setting_duration, &expires_in_ms,
		"how long it is good; without it, auth's AUTH_INVITATION_TTL", 1000, 366LL * 86400000 },
	DEVICE_JSON_SETTING(json_wanted),
	{ 0 },
};

static json_t *wish(void)
{
	json_t *body = json_object();
	bool failed = !body;

	if (email)
		failed |= json_object_set_new(body, "email", json_string(email)) != 0;
	if (expires_in_ms)
		failed |= json_object_set_new(body, "expires_in", json_integer(expires_in_ms / MS_PER_S)) != 0;
	if (failed)
		json_decref(body);
	return failed ? NULL : body;
}

/* The link, or the token where auth does not know where the page is. */
static void print(const json_t *made)
{
	const char *url = json_string_value(json_object_get(made, "url"));
	const char *token = json_string_value(json_object_get(made, "invitation"));
	const char *expires = json_string_value(json_object_get(made, "expires"));

	if (json_wanted) {
		device_print_json(made);
		return;
	}
	printf("invitation  %s\nexpires     %s\n", url ? url : token ? token : "?", expires ? expires : "?");
	if (json_is_true(json_object_get(made, "mailed")))
		printf("mailed to   %s\n", email);
}

static int run(int argc, char **argv)
{
	json_t *made = NULL;
	int r = service_settings(
		&(struct service){ argv[0],
			"Invites somebody to have an account; with EMAIL only this address may have it, and gets a "
			"mail "
			"where\nauth sends mails. For whoever runs Pettrack: it needs a client of auth's, not a login.",
			settings, "PETTRACK_", "[EMAIL]", &email, 1 },
		argc, argv);

	if (r)
		return settings_exit(r);
	r = operator_post(&auth, "/internal/v1/invitations", wish(), &made);
	if (r)
		return complain("no invitation was made: %s", r < 0 ? strerror(-r) : client_last_error());
	print(made);
	json_decref(made);
	return EXIT_SUCCESS;
}

const struct command command_invite = { "invite", "invite somebody to have an account", run };
