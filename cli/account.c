/* account - logging in by settings. */
#include "cli/account.h"
#include "cli/command.h"
#include "cli/password.h"
#include "cli/patience.h"
#include "service/log.h"

#include <string.h>

enum { PASSWORD_SIZE = 256 };

static int enter(const struct account *a, const char *password, struct session **ret)
{
	int r = a->enrol ? session_register(a->auth_url, a->email, password, a->name, a->invitation) : 0;

	return r ? r : session_login(ret, a->auth_url, a->email, password);
}

/* Servers that start at the same time are not there at once. */
static int enter_in_time(const struct account *a, const char *password, struct session **ret)
{
	struct patience patience = patience_of(a->wait_ms);
	bool said = false;
	int r;

	while ((r = enter(a, password, ret)) == SESSION_E_RETRY && patience_left(&patience)) {
		if (!said)
			log_info("waiting for auth", LOG_S("url", a->auth_url), LOG_S("reason", session_error(r)));
		said = true;
	}
	return r;
}

int account_login(const struct account *a, struct session **ret)
{
	char typed[PASSWORD_SIZE] = "";
	const char *password = a->password;

	if (!a->email) {
		complain("--email is required");
		return 2;
	}
	if (!password) {
		int r = password_ask("Password: ", typed, sizeof typed);
		if (r)
			return complain("no password (%s): type it, or name a file that holds it by --password-file",
				strerror(-r));
		password = typed;
	}
	int r = enter_in_time(a, password, ret);
	explicit_bzero(typed, sizeof typed);
	return r ? complain("cannot log in at %s: %s", a->auth_url, session_error(r)) : 0;
}

int account_session(const struct account *a, struct session **ret)
{
	if (a->email)
		return account_login(a, ret);
	int r = session_open(ret);
	return r ? complain("%s", session_error(r)) : 0;
}
