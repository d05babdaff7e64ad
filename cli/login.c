/* login - tokens for the other commands. */
#include "cli/account.h"
#include "cli/command.h"

#include <stdio.h>
#include <stdlib.h>

static int run(int argc, char **argv)
{
	static struct account account;
	static const struct setting settings[] = {
		ACCOUNT_SETTINGS(account),
		{ "PETTRACK_REGISTER", "false", setting_bool, &account.enrol, "create the account first" },
		{ "PETTRACK_INVITATION", NULL, setting_text, &account.invitation,
			"for that, where an account needs an invitation", .flags = SETTING_SECRET },
		{ 0 },
	};
	const struct service service = {
		.name = argv[0],
		.summary = "Logs in and keeps the session for the other commands, in "
			   "${XDG_CONFIG_HOME:-~/.config}/pettrack.",
		.settings = settings,
		.prefix = "PETTRACK_",
	};
	struct session *session;
	int r = service_settings(&service, argc, argv);

	if (r)
		return settings_exit(r);
	r = account_login(&account, &session);
	if (r)
		return r;
	r = session_keep(session);
	if (r)
		complain("cannot keep the session: %s", session_error(r));
	else
		printf("Logged in as %s.\n", session_email(session));
	session_close(session);
	return r ? EXIT_FAILURE : EXIT_SUCCESS;
}

const struct command command_login = { "login", "log in, or create an account", run };
