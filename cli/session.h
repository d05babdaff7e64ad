/*
 * session - who is logged in
 *
 * Either by an e-mail address and a password: then nothing is written anywhere, and where the session ends early, it
 * logs in again. Or one that is kept from command to command: tokens in ${XDG_CONFIG_HOME:-~/.config}/pettrack/session.json,
 * readable by the user only; a lock on the file keeps several commands from spending the same refresh token.
 * The access token is refreshed before it ends. What goes wrong is in session_error().
 * Thread: one.
 */
#pragma once

#include "base/err.h"

#include <jansson.h>

struct session;

enum session_result {
	SESSION_E_NONE = 1, /* nobody is logged in: `pettrack login` */
	SESSION_E_DENIED, /* wrong e-mail or password, or the session has ended */
	SESSION_E_MISSING, /* the server has no such thing */
	SESSION_E_CONFLICT,
	SESSION_E_REFUSED, /* the server said no otherwise */
	SESSION_E_RETRY, /* no answer, or the server is busy */
};

/* Creates an account; @name and @invitation may be NULL. An address that has one already is no error, and its account is
 * left as it is. */
MUST_CHECK int session_register(
	const char *auth_url, const char *email, const char *password, const char *name, const char *invitation);

/* Logs in. 0 and *ret, enum session_result, or -errno. */
MUST_CHECK int session_login(struct session **ret, const char *auth_url, const char *email, const char *password);

/* Saves it for other commands, in place of one that is there. */
MUST_CHECK int session_keep(struct session *s);

/* The saved one. */
MUST_CHECK int session_open(struct session **ret);

/* One that is not kept is ended at auth, too, if that answers at once. Accepts NULL. */
void session_close(struct session *s);

const char *session_email(const struct session *s);

/* Calls auth as the user. *ret_answer is the caller's to json_decref() (NULL for none); ret_answer may be NULL. */
MUST_CHECK int session_call(
	struct session *s, const char *method, const char *path, const json_t *body, json_t **ret_answer);

/* An access token that is good for a minute at least; valid until the next call. */
MUST_CHECK int session_token(struct session *s, const char **ret);

/* Gets a new access token, since a server did not take the present one. */
MUST_CHECK int session_renew(struct session *s);

/* What went wrong last, for people; @r is what the function returned. */
const char *session_error(int r);
