/*
 * account - the settings by which commands log in, and logging in by them
 *
 * Thread: one.
 */
#pragma once

#include "cli/session.h"
#include "service/service.h"

struct account {
	const char *auth_url, *email, *password, *name;
	bool enrol; /* create the account first */
};

#define ACCOUNT_SETTINGS(a)                                                                                            \
	{ "PETTRACK_AUTH_URL", "http://127.0.0.1:8081", setting_text, &(a).auth_url, "where auth answers" },           \
		{ "PETTRACK_EMAIL", NULL, setting_text, &(a).email, "the account's e-mail address" },                  \
		{ "PETTRACK_PASSWORD", NULL, setting_text, &(a).password,                                              \
			"its password; without it, the terminal is asked", .flags = SETTING_SECRET },                  \
	{                                                                                                              \
		"PETTRACK_NAME", NULL, setting_text, &(a).name, "the person's name, for a new account"                 \
	}

/* Registers where wanted, logs in, saves the session. 0 and *ret; else it has complained, and this is the exit status. */
MUST_CHECK int account_login(const struct account *a, struct session **ret);

/* The saved session, or by the account where an e-mail address is given. The same results. */
MUST_CHECK int account_session(const struct account *a, struct session **ret);
