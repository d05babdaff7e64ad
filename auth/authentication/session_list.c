/* session_list - the caller's sessions: which there are, and their end. */
#include "auth/authentication/internal.h"
#include "auth/common/audit.h"
#include "auth/common/session.h"
#include "base/clock.h"

#include <string.h>

void session_list_handle(struct web_request *q, void *owner)
{
	const struct authentication *x = authentication_of(owner);
	const struct token_claims *c = web_claims(q);
	json_t *list = NULL;
	int r = sessions_list(&x->sessions, &c->subject, &c->session, clock_real_ms(), &list);

	if (r) {
		auth_fail(q, r);
		return;
	}
	web_add_header(q, "Cache-Control", "no-store");
	web_reply(q, 200, json_pack("{so}", "sessions", list));
}

/* Notes in the owner's log that @session (NULL: all but his own) was ended from this one. */
static void note_end(struct web_request *q, const struct authentication *x, const struct uuid *session)
{
	struct audit_details d = audit_details_of(q);

	d.session = session;
	audit_write(x->store, &web_claims(q)->subject, AUDIT_SESSION_ENDED, &d);
}

void session_revoke_handle(struct web_request *q, void *owner)
{
	const struct authentication *x = authentication_of(owner);
	const char *text = web_path(q, "id");
	struct uuid session;
	int r = STORE_E_MISSING;

	if (uuid_parse(&session, text, strlen(text)) == 0)
		r = session_revoke(x->store, x->sessions.outbox, &web_claims(q)->subject, &session);
	if (r == STORE_E_MISSING) {
		web_problem(q, 404, "not_found", "You have no such session, or it has ended.");
	} else if (r) {
		auth_fail(q, r);
	} else {
		note_end(q, x, &session);
		web_reply(q, 204, NULL);
	}
}

void session_revoke_others_handle(struct web_request *q, void *owner)
{
	const struct authentication *x = authentication_of(owner);
	const struct token_claims *c = web_claims(q);
	int r = session_revoke_all(x->store, x->sessions.outbox, &c->subject, &c->session);

	if (r) {
		auth_fail(q, r);
		return;
	}
	note_end(q, x, NULL);
	web_reply(q, 204, NULL);
}
