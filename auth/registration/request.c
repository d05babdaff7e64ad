/* request - members that several requests of this role have, and answers that several give. */
#include "auth/common/confirm.h"
#include "auth/common/password.h"
#include "auth/registration/internal.h"

#include <errno.h>
#include <string.h>

bool body_email(struct web_request *q, char out[static EMAIL_SIZE])
{
	const json_t *body = web_body(q);

	if (!body)
		return false;
	if (check_email(json_object_get(body, "email"), out))
		return true;
	web_problem(q, 422, "invalid_email", "\"email\" must be an e-mail address.");
	return false;
}

const json_t *body_token(struct web_request *q)
{
	const json_t *body = web_body(q), *token = body ? json_object_get(body, "token") : NULL;

	if (!body || json_is_string(token))
		return token;
	web_problem(q, 400, "missing_token", "\"token\" must be the text that stands in the link.");
	return NULL;
}

bool link_confirmed(struct web_request *q, const struct registration *r, const struct user *u, const char *password,
	const char *wrong)
{
	enum confirmation c = confirm_shown(q, r->auth, u, password, wrong);

	if (c == CONFIRM_UNTRIED)
		auth_refund(q, r->auth, AUTH_LIMIT_SECRET, NULL);
	return c == CONFIRM_GOOD;
}

bool body_name(struct web_request *q, char out[static USER_NAME_SIZE])
{
	const json_t *body = web_body(q);

	if (!body)
		return false;
	const json_t *name = json_object_get(body, "name");
	bool none = !name || json_is_null(name);
	if (!none && !check_name(name, NAME_MAX_CHARS)) {
		web_problem(q, 422, "invalid_name", "\"name\" must be a text of 1 to %d characters.", NAME_MAX_CHARS);
		return false;
	}
	const char *text = none ? "" : json_string_value(name);
	memcpy(out, text, strlen(text) + 1);
	return true;
}

bool body_password(struct web_request *q, const char *email, const char **ret)
{
	const json_t *body = web_body(q), *password = body ? json_object_get(body, "password") : NULL;

	if (!body)
		return false;
	switch (password_judge(password, email)) {
	case PASSWORD_TOO_SHORT:
		web_problem(
			q, 422, "password_too_short", "\"password\" must have at least %d characters.", PASSWORD_MIN);
		return false;
	case PASSWORD_TOO_LONG:
		web_problem(q, 422, "password_too_long", "\"password\" must have at most %d characters.", PASSWORD_MAX);
		return false;
	case PASSWORD_COMMON:
		web_problem(q, 422, "password_common",
			"\"password\" is one of the most used passwords, which are tried first. Choose another.");
		return false;
	case PASSWORD_GUESSABLE:
		web_problem(q, 422, "password_guessable",
			"\"password\" is made of your e-mail address or of our name. Choose another.");
		return false;
	case PASSWORD_GOOD:
		break;
	}
	*ret = json_string_value(password);
	return true;
}

bool needs_mail(struct web_request *q, const struct registration *r)
{
	if (mail_configured(r->auth->mailer))
		return true;
	web_problem(
		q, 501, "mail_not_configured", "This needs a mail to be sent, and here none is. Ask whoever runs it.");
	return false;
}

void answer_accepted(struct web_request *q)
{
	web_reply(q, 202, json_pack("{ss}", "status", "accepted"));
}

void answer_no_token(struct web_request *q)
{
	web_problem(q, 400, "invalid_token", "The link is not good any more, or never was. Ask for another mail.");
}

void answer_bad_token(struct web_request *q, const struct registration *r)
{
	auth_penalise(q, r->auth, AUTH_LIMIT_SECRET, NULL);
	answer_no_token(q);
}

void answer_hash_failure(struct web_request *q, int r)
{
	if (r == HASHER_E_BUSY)
		auth_busy(q);
	else
		auth_fail(q, r);
}

void answer_mail_asked(struct web_request *q, const struct registration *r,
	int (*send)(const struct registration *r, const char *email))
{
	char email[EMAIL_SIZE];

	if (!needs_mail(q, r) || !body_email(q, email) || !auth_admit(q, r->auth, AUTH_LIMIT_MAIL, email))
		return;
	int result = send(r, email);
	if (result)
		auth_fail(q, result);
	else
		answer_accepted(q);
}
