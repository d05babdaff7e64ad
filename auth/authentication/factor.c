/* factor - the caller's second factor: turned on in two steps, turned off, its recovery codes. */
#include "auth/authentication/internal.h"
#include "auth/common/audit.h"
#include "auth/common/confirm.h"
#include "auth/common/proof.h"
#include "auth/common/second_factor.h"
#include "auth/common/users.h"
#include "base/text.h"
#include "service/log.h"

#include <errno.h>
#include <string.h>

enum { URI_SIZE = 1024 };

/* ---- answers ---- */

static void answer_failure(struct web_request *q, int r)
{
	switch (r) {
	case SECOND_FACTOR_E_ON:
		web_problem(q, 409, "second_factor_on", "There is a second factor already: turn it off first.");
		break;
	case SECOND_FACTOR_E_OFF:
		web_problem(q, 409, "second_factor_off", "There is no second factor.");
		break;
	case STORE_E_MISSING:
		web_problem(q, 404, "not_found", "There is no such account any more.");
		break;
	default:
		auth_fail(q, r);
	}
}

static void answer_codes(struct web_request *q, const struct recovery_codes *codes)
{
	json_t *list = json_array();

	for (int i = 0; i < RECOVERY_CODES; i++)
		json_array_append_new(list, json_string(codes->text[i]));
	web_add_header(q, "Cache-Control", "no-store");
	web_reply(q, 200, json_pack("{so}", "recovery_codes", list));
}

static void note(struct web_request *q, const struct auth *a, const char *event)
{
	const struct audit_details d = audit_details_of(q);

	audit_write(a->store, &web_claims(q)->subject, event, &d);
}

/* ---- on ---- */

/* RFC 3986 section 2.3: what is not unreserved is escaped. */
static void put_escaped(struct text *t, const char *s)
{
	static const char unreserved[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";

	for (; *s; s++)
		if (strchr(unreserved, *s))
			text_putc(t, *s);
		else
			text_printf(t, "%%%02X", (unsigned char)*s);
}

/* What apps read from a picture: https://github.com/google/google-authenticator/wiki/Key-Uri-Format. The defaults of SHA1,
 * six digits and 30 s are written out for those that have others. */
static bool write_uri(char out[static URI_SIZE], const char *email, const char *secret)
{
	struct text t = text_in(out, URI_SIZE);

	text_puts(&t, "otpauth://totp/Pettrack:");
	put_escaped(&t, email);
	text_printf(
		&t, "?secret=%s&issuer=Pettrack&algorithm=SHA1&digits=%d&period=%d", secret, OTP_DIGITS, OTP_STEP_S);
	return text_ok(&t);
}

static void answer_secret(struct web_request *q, const char *email, const uint8_t secret[static OTP_SECRET_SIZE])
{
	char text[TEXT_BASE32_SIZE(OTP_SECRET_SIZE)], uri[URI_SIZE];

	text_base32(text, secret, OTP_SECRET_SIZE);
	web_add_header(q, "Cache-Control", "no-store");
	if (write_uri(uri, email, text))
		web_reply(q, 200, json_pack("{ss ss}", "secret", text, "uri", uri));
	else
		auth_fail(q, -ENOSPC);
	sodium_memzero(text, sizeof text);
	sodium_memzero(uri, sizeof uri);
}

void totp_begin_handle(struct web_request *q, void *owner)
{
	const struct auth *a = owner;
	struct user user;
	uint8_t secret[OTP_SECRET_SIZE];

	if (!confirm_password(q, a, &user))
		return;
	int r = second_factor_begin(a->second_factor, &user.id, secret);
	if (r)
		answer_failure(q, r);
	else
		answer_secret(q, user.email, secret);
	sodium_memzero(secret, sizeof secret);
}

/* Somebody who has stolen a session must not do it unseen. */
static void tell_owner(const struct auth *a, const struct uuid *id)
{
	struct user user;
	int r = users_get(a->store, id, &user);

	if (r == 0)
		auth_notice(a, MAIL_TOTP_ENABLED, user.email);
	else
		log_warn("notice not written", LOG_I("result", r));
	sodium_memzero(&user, sizeof user);
}

static void confirm(struct web_request *q, const struct auth *a, const char *account, const char *code)
{
	struct recovery_codes codes;
	int r = second_factor_confirm(a->second_factor, &web_claims(q)->subject, code, &codes);

	if (r == SECOND_FACTOR_E_WRONG) {
		auth_penalise(q, a, AUTH_LIMIT_CODE, account);
		web_problem(q, 403, "invalid_code",
			"The code is wrong, or 15 minutes have passed: look at the clock of the device, or begin "
			"again.");
	} else if (r) {
		auth_refund(q, a, AUTH_LIMIT_CODE, account);
		answer_failure(q, r);
	} else {
		auth_restore(q, a, AUTH_LIMIT_CODE, account);
		note(q, a, AUDIT_TOTP_ENABLED);
		tell_owner(a, &web_claims(q)->subject);
		answer_codes(q, &codes);
	}
	sodium_memzero(&codes, sizeof codes);
}

void totp_confirm_handle(struct web_request *q, void *owner)
{
	const struct auth *a = owner;
	const json_t *body = web_body(q);
	char account[UUID_TEXT_SIZE];

	if (!body)
		return;
	const char *code = json_string_value(json_object_get(body, "code"));
	uuid_format(account, &web_claims(q)->subject);
	if (!code)
		web_problem(q, 400, "missing_code", "\"code\" must be a text: what the app shows.");
	else if (auth_admit(q, a, AUTH_LIMIT_CODE, account))
		confirm(q, a, account, code);
}

/* ---- afterwards: the password, and a code ---- */

/* Whether the caller has both; else it is answered. */
static bool both_confirmed(struct web_request *q, const struct auth *a, struct user *ret)
{
	if (!confirm_password(q, a, ret))
		return false;
	if (ret->totp_since_ms != 0)
		return proof_asked(q, a, ret, 403) == PROOF_GOOD;
	answer_failure(q, SECOND_FACTOR_E_OFF);
	return false;
}

void totp_disable_handle(struct web_request *q, void *owner)
{
	const struct auth *a = owner;
	struct user user;

	if (!both_confirmed(q, a, &user))
		return;
	int r = second_factor_end(a->second_factor, &user.id);
	if (r) {
		answer_failure(q, r);
		return;
	}
	note(q, a, AUDIT_TOTP_DISABLED);
	auth_notice(a, MAIL_TOTP_DISABLED, user.email);
	web_reply(q, 204, NULL);
}

void recovery_codes_handle(struct web_request *q, void *owner)
{
	const struct auth *a = owner;
	struct user user;
	struct recovery_codes codes;

	if (!both_confirmed(q, a, &user))
		return;
	int r = second_factor_renew(a->second_factor, &user.id, &codes);
	if (r) {
		answer_failure(q, r);
	} else {
		note(q, a, AUDIT_RECOVERY_CODES_MADE);
		answer_codes(q, &codes);
	}
	sodium_memzero(&codes, sizeof codes);
}
