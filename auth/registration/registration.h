/*
 * registration - people who want an account, and what they do with it
 *
 * Collections: users (common/users.h), links (common/one_time.h), invitations. What anybody may ask (sign up, another mail, a new
 * password) is answered the same, at the same cost, whether the address is known or not: a hash where a password is in
 * it, and the same reads and writes. What follows is in a mail.
 *
 * Thread: handlers run on the server's.
 */
#pragma once

#include "auth/common/auth.h"

struct registration;

enum sign_up { SIGN_UP_OPEN, SIGN_UP_CLOSED, SIGN_UP_INVITATION };

struct registration_options {
	enum sign_up sign_up;
	bool verify; /* an account is of use once its address was verified; needs a mail server */
	int64_t verify_ttl_ms, reset_ttl_ms; /* how long links are good, and an account waits */
	int64_t invitation_ttl_ms, invitations_per_user;
};

/* For the settings table: "open", "closed" or "invitation" into an enum sign_up. */
const char *sign_up_setting(const char *text, void *target, int64_t min, int64_t max);

#define REGISTRATION_SETTINGS(o)                                                                                       \
	{ "AUTH_SIGN_UP", "open", sign_up_setting, &(o).sign_up,                                                       \
		"who may have an account: open (everybody), closed (nobody new) or invitation (who was invited)" },    \
		{ "AUTH_VERIFY_EMAIL", "false", setting_bool, &(o).verify,                                             \
			"a new account can log in once its e-mail address was verified; needs AUTH_SMTP_URL" },        \
		{ "AUTH_VERIFY_TTL", "1d", setting_duration, &(o).verify_ttl_ms,                                       \
			"how long a link that verifies an address is good; an unverified account goes then", 10000,    \
			30LL * 86400000 },                                                                             \
		{ "AUTH_RESET_TTL", "1h", setting_duration, &(o).reset_ttl_ms,                                         \
			"how long a link by which a new password is chosen is good", 10000, 7LL * 86400000 },          \
		{ "AUTH_INVITATION_TTL", "7d", setting_duration, &(o).invitation_ttl_ms,                               \
			"how long an invitation is good", 10000, 366LL * 86400000 },                                   \
	{                                                                                                              \
		"AUTH_INVITATIONS_PER_USER", "5", setting_int, &(o).invitations_per_user,                              \
			"invitations of one user that have not expired; 0: users may not invite", 0, 10000             \
	}

extern const struct web_route registration_routes[];
extern const struct outbox_source *const registration_sources[]; /* NULL-terminated */
extern const struct erasure_part registration_erase[];

/* Borrows the parts of @a; the options are copied. */
MUST_CHECK int registration_open(struct registration **ret, const struct auth *a, const struct registration_options *o);
void registration_close(struct registration *r); /* accepts NULL */

/* Its collections and indexes; an upkeep_prepare. */
MUST_CHECK int registration_prepare(struct store *s);
