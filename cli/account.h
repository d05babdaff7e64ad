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
	const char *invitation; /* for that, where sign-up is by invitation; or NULL */
	int64_t wait_ms; /* for auth, while it does not answer */
};

#define ACCOUNT_SETTINGS(a)                                                                                            \
	{ "PETTRACK_AUTH_URL", "http://127.0.0.1:8081", setting_text, &(a).auth_url, "where auth answers" },           \
		{ "PETTRACK_EMAIL", NULL, setting_text, &(a).email, "the account's e-mail address" },                  \
		{ "PETTRACK_PASSWORD", NULL, setting_text, &(a).password,                                              \
			"its password; without it, the terminal is asked", .flags = SETTING_SECRET },                  \
	{                                                                                                              \
		"PETTRACK_NAME", NULL, setting_text, &(a).name, "the person's name, for a new account"                 \
	}

/* For commands that start together with the servers. */
#define ACCOUNT_WAIT_SETTING(a)                                                                                        \
	{                                                                                                              \
		"PETTRACK_WAIT", "30s", setting_duration, &(a).wait_ms,                                                \
			"how long to wait for auth while it does not answer", 0, 3600000                               \
	}

/* Registers where wanted and logs in. 0 and *ret; else it has complained, and this is the exit status. */
MUST_CHECK int account_login(const struct account *a, struct session **ret);

/* The saved session, or by the account where an e-mail address is given. The same results. */
MUST_CHECK int account_session(const struct account *a, struct session **ret);
