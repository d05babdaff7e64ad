/* account - logging in by settings. */
#include "cli/account.h"
#include "cli/command.h"
#include "cli/password.h"

#include <string.h>

enum { PASSWORD_SIZE = 256 };

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
	int r = a->enrol ? session_register(a->auth_url, a->email, password, a->name) : 0;
	if (r == 0)
		r = session_login(ret, a->auth_url, a->email, password);
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
