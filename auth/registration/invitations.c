/* invitations - by people (/v1/invitations) and by services (/internal/v1/invitations). */
#include "auth/common/audit.h"
#include "auth/registration/internal.h"
#include "auth/registration/invitation.h"
#include "base/clock.h"
#include "base/time.h"

#include <errno.h>
#include <string.h>

enum { MS_PER_S = 1000, EXPIRES_IN_MAX_S = 366 * 86400, LIST_MAX = 10000 };

/* ---- what is asked for ---- */

struct wish {
	char email[EMAIL_SIZE]; /* "": for any address */
	int64_t ttl_ms;
};

/* Member "email", which may be missing or null. */
static bool read_email(struct web_request *q, const json_t *body, struct wish *w)
{
	const json_t *email = json_object_get(body, "email");

	w->email[0] = '\0';
	return !email || json_is_null(email) || body_email(q, w->email);
}

/* Member "expires_in", in seconds, which a service may send. */
static bool read_expires_in(struct web_request *q, const json_t *body, struct wish *w)
{
	const json_t *in = json_object_get(body, "expires_in");

	if (!in || json_is_null(in))
		return true;
	json_int_t s = json_integer_value(in);
	if (s < 1 || s > EXPIRES_IN_MAX_S) {
		web_problem(q, 422, "invalid_expires_in", "\"expires_in\" must be 1 to %d seconds.", EXPIRES_IN_MAX_S);
		return false;
	}
	w->ttl_ms = s * MS_PER_S;
	return true;
}

/* ---- making one ---- */

static json_t *made_json(const struct invitation *i, const char *url, bool mailed)
{
	char id[UUID_TEXT_SIZE], created[TIME_TEXT_SIZE], expires[TIME_TEXT_SIZE];

	uuid_format(id, &i->id);
	time_format(created, i->created_ms);
	time_format(expires, i->expires_ms);
	return json_pack("{ss ss ss? ss? ss ss sb}", "id", id, "invitation", i->token, "url", url[0] ? url : NULL,
		"email", i->email, "created", created, "expires", expires, "mailed", mailed);
}

/* Makes it, mails it where it names somebody and @may_mail, and answers. @by: the inviter's address, NULL for a service. 0 or
 * what went wrong, unanswered. */
static int make(
	struct web_request *q, const struct registration *r, struct invitation *i, const char *by, bool may_mail)
{
	char url[AUTH_URL_SIZE];
	bool mailed = may_mail && i->email && mail_configured(r->auth->mailer);
	int result = invitation_make(r->store, i);

	if (result)
		return result;
	(void)auth_url(r->auth, "invitation", i->token, url);
	if (mailed)
		result = mail_queue(r->auth->mailer, MAIL_INVITATION, i->email,
			&(struct mail_values){ .url = url, .by = by, .expires_ms = i->expires_ms });
	if (result)
		return result;
	web_add_header(q, "Cache-Control", "no-store");
	web_reply(q, 201, made_json(i, url, mailed));
	return 0;
}

static struct invitation invitation_of(const struct wish *w, const struct uuid *by)
{
	struct invitation i = { .by = by, .email = w->email[0] ? w->email : NULL, .created_ms = clock_real_ms() };

	i.expires_ms = i.created_ms + w->ttl_ms;
	return i;
}

void invitations_issue_handle(struct web_request *q, void *owner)
{
	const struct registration *r = registration_of(owner);
	const json_t *body = web_body(q);
	struct wish w = { .ttl_ms = r->options.invitation_ttl_ms };

	if (!body || !read_email(q, body, &w) || !read_expires_in(q, body, &w))
		return;
	struct invitation i = invitation_of(&w, NULL);
	int result = make(q, r, &i, NULL, true);
	if (result)
		auth_fail(q, result);
}

/* ---- people's own ---- */

/* Whether one more may be made; else it is answered. */
static bool has_room(struct web_request *q, const struct registration *r)
{
	int64_t max = r->options.invitations_per_user;
	bool room = false;

	if (r->options.sign_up == SIGN_UP_CLOSED) {
		web_problem(q, 403, "sign_up_closed", "No new accounts are made here.");
		return false;
	}
	int result = max > 0 ? invitation_room(r->store, &web_claims(q)->subject, max, &room) : 0;
	if (result)
		auth_fail(q, result);
	else if (!room)
		web_problem(q, 409, "too_many_invitations", "You may have %lld invitations that have not expired.",
			(long long)max);
	return room;
}

static int invite(struct web_request *q, const struct registration *r, const struct wish *w)
{
	const struct uuid *by = &web_claims(q)->subject;
	struct audit_details d = audit_details_of(q);
	struct user u;
	int result = users_get(r->store, by, &u);

	if (result)
		return result;
	struct invitation i = invitation_of(w, by);
	/* Like any mail that somebody can cause; a link that is handed over by hand needs none. */
	bool may_mail = i.email && auth_admits(q, r->auth, AUTH_LIMIT_MAIL, i.email);
	result = make(q, r, &i, u.email, may_mail);
	if (result)
		return result;
	d.who = i.email;
	audit_write(r->store, by, AUDIT_INVITATION_MADE, &d);
	return 0;
}

void invitations_create_handle(struct web_request *q, void *owner)
{
	const struct registration *r = registration_of(owner);
	const json_t *body = web_body(q);
	struct wish w = { .ttl_ms = r->options.invitation_ttl_ms };

	if (!body || !read_email(q, body, &w) || !has_room(q, r))
		return;
	int result = invite(q, r, &w);
	if (result)
		auth_fail(q, result);
}

void invitations_list_handle(struct web_request *q, void *owner)
{
	const struct registration *r = registration_of(owner);
	json_t *list = NULL;
	int result = invitation_list(r->store, &web_claims(q)->subject, LIST_MAX, &list);

	if (result)
		auth_fail(q, result);
	else
		web_reply(q, 200,
			json_pack("{so sI}", "invitations", list, "max", (json_int_t)r->options.invitations_per_user));
}

void invitations_delete_handle(struct web_request *q, void *owner)
{
	const struct registration *r = registration_of(owner);
	const struct uuid *by = &web_claims(q)->subject;
	const char *text = web_path(q, "id");
	struct uuid id;
	int result = uuid_parse(&id, text, strlen(text)) ? STORE_E_MISSING : invitation_revoke(r->store, by, &id);

	if (result == STORE_E_MISSING) {
		web_problem(q, 404, "not_found", "You have no such invitation, or it was used.");
	} else if (result) {
		auth_fail(q, result);
	} else {
		const struct audit_details d = audit_details_of(q);
		audit_write(r->store, by, AUDIT_INVITATION_REVOKED, &d);
		web_reply(q, 204, NULL);
	}
}
