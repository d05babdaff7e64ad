/*
 * mail - mails on their way, out of MongoDB to a mail server, none lost while that is away
 *
 * Collection mails: { _id: UUID, kind, sealed: nonce and secretbox of recipient and text, created: Date, due: Date, tries,
 * claim: UUID?, expires: Date (TTL) }. They are sealed by the master secret, since a mail holds a link's token.
 *
 * The sender claims one (find-and-modify on due, so that one replica has it), hands it to the server, and removes it. At
 * least once. While the server is away, none of them counts as tried. One that the server puts off is tried again after 1 s, 2 s, 4 s...
 * up to a quarter of an hour, so often and so long as the options allow; one that it refuses is dropped.
 *
 * Any role queues; every process that has a mail server sends, for all of them.
 *
 * Thread: any; one thread inside.
 */
#pragma once

#include "auth/common/mail_text.h"
#include "auth/common/master.h"
#include "base/err.h"
#include "store/store.h"

struct mailer;

struct mail_options {
	struct store *store;
	const struct master *master; /* copied from; NULL where there is no mail server */
	const char *smtp_url; /* NULL: no mail is written, and none sent */
	const char *smtp_user, *smtp_password, *smtp_ca_file; /* NULL: none; the system's */
	bool smtp_starttls;
	int64_t smtp_timeout_ms;
	const char *from; /* an address; NULL until mail_complete() */
	int64_t age_ms, tries_max;
};

/* For the settings table; public_url is beside these (auth.h). */
#define MAIL_SETTINGS(o)                                                                                               \
	{ "AUTH_SMTP_URL", NULL, setting_text, &(o).smtp_url,                                                          \
		"mail server: smtp://HOST[:PORT] or smtps://HOST[:PORT]; needs AUTH_PUBLIC_URL and "                   \
		"AUTH_MASTER_SECRET" },                                                                                \
		{ "AUTH_SMTP_STARTTLS", "true", setting_bool, &(o).smtp_starttls,                                      \
			"smtp:// only goes on encrypted; false: encrypted where the server offers it" },               \
		{ "AUTH_SMTP_CA_FILE", NULL, setting_text, &(o).smtp_ca_file,                                          \
			"PEM file of the authorities that vouch for the mail server; without it the system's" },       \
		{ "AUTH_SMTP_USER", NULL, setting_text, &(o).smtp_user, "name to log in to the mail server with" },    \
		{ "AUTH_SMTP_PASSWORD", NULL, setting_text, &(o).smtp_password, "its password",                        \
			.flags = SETTING_SECRET },                                                                     \
		{ "AUTH_SMTP_TIMEOUT", "15s", setting_duration, &(o).smtp_timeout_ms,                                  \
			"how long handing over one mail may take", 1000, 300000 },                                     \
		{ "AUTH_MAIL_FROM", NULL, setting_text, &(o).from,                                                     \
			"address that mails come from; without it, pettrack at the host of AUTH_PUBLIC_URL" },         \
		{ "AUTH_MAIL_AGE", "1d", setting_duration, &(o).age_ms,                                                \
			"how long a mail that cannot be sent is kept; one with a link, no longer than that is good",   \
			10000, 30LL * 86400000 },                                                                      \
	{                                                                                                              \
		"AUTH_MAIL_TRIES", "20", setting_int, &(o).tries_max,                                                  \
			"how often a mail that the server puts off is tried; while it is away nothing counts", 1, 1000 \
	}

/* Makes the indexes; an upkeep_prepare. */
MUST_CHECK int mail_prepare(struct store *s);

/* Where there is a mail server: fills in what was not set, and sees whether the rest is there. @public_url may be NULL. NULL, or
 * what is wrong and how to mend it. */
const char *mail_complete(struct mail_options *o, const char *public_url);

/* Starts the sender where there is a mail server. 0; -EINVAL for a mail server's URL or a sender that is none; or -errno. */
MUST_CHECK int mail_open(struct mailer **ret, const struct mail_options *o);
/* Ends the sender; what it has not sent stays. Accepts NULL. */
void mail_close(struct mailer *m);

/* Whether there is a mail server. Accepts NULL: no. */
bool mail_configured(const struct mailer *m);

/* Queues a mail to @to (an address that check_email() took). Where no mail server is, there is nothing to do. One write,
 * whatever the kind. 0, STORE_E_RETRY or negative. */
MUST_CHECK int mail_queue(struct mailer *m, enum mail_kind kind, const char *to, const struct mail_values *v);
