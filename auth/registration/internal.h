/* internal - what the files of this role share; nobody else includes it. */
#pragma once

#include "auth/common/mail.h"
#include "auth/common/one_time.h"
#include "auth/common/users.h"
#include "auth/registration/registration.h"

struct registration {
	const struct auth *auth;
	struct store *store;
	struct registration_options options;
	struct metric *requests;
};

static inline struct registration *registration_of(void *owner)
{
	return ((const struct auth *)owner)->registration;
}

/* ---- reading requests: false or NULL is answered ---- */

/* Member "email" of the body, in lower case. */
bool body_email(struct web_request *q, char out[static EMAIL_SIZE]);

/* Member "token": the text. */
const json_t *body_token(struct web_request *q);

/* Whether @password is that of @u, whom a link is for: who got the mail by mistake does not know it. The link stays as it is. All
 * of it counts towards AUTH_LIMIT_SECRET, which was admitted. False: 403 wrong_password with @wrong, 429 or 503. */
bool link_confirmed(struct web_request *q, const struct registration *r, const struct user *u, const char *password,
	const char *wrong);

/* Member "name", which may be missing or null: "" then. */
bool body_name(struct web_request *q, char out[static USER_NAME_SIZE]);

/* Whether "password" may be @email's; password.h tells the rules. */
bool body_password(struct web_request *q, const char *email, const char **ret);

/* Whether mails can be sent; else 501 mail_not_configured is answered. */
bool needs_mail(struct web_request *q, const struct registration *r);

/* ---- answers ---- */

void answer_accepted(struct web_request *q); /* 202 {"status":"accepted"} */
void answer_no_token(struct web_request *q); /* 400 invalid_token */

/* The same for a token that was guessed, perhaps: a failure of AUTH_LIMIT_SECRET. */
void answer_bad_token(struct web_request *q, const struct registration *r);

/* @r: what hasher_hash() or hasher_verify() returned, not 0. */
void answer_hash_failure(struct web_request *q, int r);

/* Has @send send a mail to the body's "email", as often as one may ask for that, and answers: the same for every address. */
void answer_mail_asked(struct web_request *q, const struct registration *r,
	int (*send)(const struct registration *r, const char *email));

/* ---- mails with a link ---- */

struct link_mail {
	enum one_time_kind link;
	enum mail_kind mail;
	const char *
		word; /* of the fragment: "verify"; NULL: the mail has the page's own address, and nobody gets the token */
	struct uuid user;
	const char *to; /* whom the mail goes to; what the link carries */
	int64_t expires_ms;
};

/* Makes the link and queues the mail: two writes. With ONE_TIME_NONE and MAIL_NONE both are made and worth nothing; so is
 * the link of a mail that needs none (MAIL_KNOWN), which has the page's own address. Nothing without a mail server. 0,
 * STORE_E_RETRY or negative. */
MUST_CHECK int send_link(const struct registration *r, const struct link_mail *l);

/* ---- handlers ---- */

void register_handle(struct web_request *q, void *owner);
void verify_handle(struct web_request *q, void *owner);
void verification_handle(struct web_request *q, void *owner);
void reset_ask_handle(struct web_request *q, void *owner);
void reset_confirm_handle(struct web_request *q, void *owner);
void account_get_handle(struct web_request *q, void *owner);
void account_patch_handle(struct web_request *q, void *owner);
void account_password_handle(struct web_request *q, void *owner);
void email_ask_handle(struct web_request *q, void *owner);
void email_confirm_handle(struct web_request *q, void *owner);
void invitations_list_handle(struct web_request *q, void *owner);
void invitations_create_handle(struct web_request *q, void *owner);
void invitations_delete_handle(struct web_request *q, void *owner);
void invitations_issue_handle(struct web_request *q, void *owner);
