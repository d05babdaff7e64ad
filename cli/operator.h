/*
 * operator - what commands of whoever runs Pettrack share: they need a client of auth's, not a login
 */
#pragma once

#include "client/client.h"
#include "service/service.h"

/* Rows of a settings table: where auth is, and who asks; for @scope, a literal. @auth: a struct client_options. */
#define OPERATOR_SETTINGS(auth, scope)                                                                                 \
	{ "AUTH_URL", "http://127.0.0.1:8081", setting_text, &(auth).base_url, "where auth answers" },                 \
		{ "CLIENT_ID", "operator", setting_text, &(auth).client_id, "the operator's name at auth" },           \
	{                                                                                                              \
		"CLIENT_SECRET", NULL, setting_text, &(auth).client_secret, "its secret, with the scope " scope,       \
			.flags = SETTING_SECRET | SETTING_REQUIRED                                                     \
	}

/* POSTs @body (stolen; NULL: there was no memory for it) to @path. As client_call(). */
MUST_CHECK int operator_post(const struct client_options *auth, const char *path, json_t *body, json_t **ret_answer);
