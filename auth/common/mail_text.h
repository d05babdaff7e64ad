/*
 * mail_text - what mails say, and how a mail is written (RFC 5322; text/plain in UTF-8, quoted-printable)
 *
 * Subjects are fixed texts, and addresses have been checked: nothing that a person typed gets into a header. In the text,
 * what a person typed has its control characters made spaces, so that it stays within its line.
 *
 * Thread: any; pure.
 */
#pragma once

#include "base/uuid.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum mail_kind {
	MAIL_NONE, /* nobody is to have it: written and dropped, so that an unknown address costs the same as a known one */
	MAIL_VERIFY, /* url, expires: somebody registered with this address */
	MAIL_KNOWN, /* url of the page: somebody registered with this address, which has an account */
	MAIL_RESET, /* url, expires: a new password is asked for */
	MAIL_PASSWORD_CHANGED, /* url of the page */
	MAIL_EMAIL_CONFIRM, /* url, expires: to the new address */
	MAIL_EMAIL_TAKEN, /* to the new address, which has an account of its own */
	MAIL_EMAIL_ASKED, /* to the old address: another is wanted */
	MAIL_EMAIL_CHANGED, /* to the old address: another is in use */
	MAIL_INVITATION, /* by (may be NULL: whoever runs the place), url, expires: to have an account */
	MAIL_GRANT, /* by, device, url of the page: somebody offers to share a device */
	MAIL_TOTP_ENABLED, /* url of the page */
	MAIL_TOTP_DISABLED, /* url of the page */
	MAIL_RECOVERY_CODE_USED, /* url of the page */
	MAIL_ACCOUNT_DELETED,
	MAIL_KINDS
};

/* What a template names in braces. NULL and 0: not given. */
struct mail_values {
	const char *url; /* without spaces */
	const char *device, *by;
	int64_t expires_ms;
};

struct mail_head {
	const char *from, *to; /* addresses that check_email() took */
	int64_t date_ms;
	struct uuid id; /* of the mail: the same whenever it is sent again */
};

enum { MAIL_MESSAGE_SIZE = 16 * 1024 };

/* "verify": a fixed word, for metrics. */
const char *mail_kind_name(enum mail_kind kind);

/* The whole mail, lines ending in CRLF. False: it does not fit into @size, or an address is none. */
bool mail_write(char *out, size_t size, enum mail_kind kind, const struct mail_head *head, const struct mail_values *v);

/* "Fri, 02 Jan 2026 03:04:05 +0000" (RFC 5322 section 3.3). */
enum { MAIL_DATE_SIZE = 40 };
void mail_date(char out[static MAIL_DATE_SIZE], int64_t ms);
