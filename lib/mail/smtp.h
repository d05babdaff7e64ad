/*
 * smtp - hands one mail at a time to a mail server (RFC 5321)
 *
 * With lib/client the only folder that includes curl.h. Blocking; for a worker thread. A mail has a connection of its own.
 * Certificates are checked, and proxies of the environment are not used. A result tells whose fault it was: the server's
 * (SMTP_E_AWAY: the same mail will do later) or the mail's.
 *
 * Thread: one at a time. SIGPIPE must be ignored, as service_start() does.
 */
#pragma once

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct smtp;

struct smtp_options {
	const char
		*url; /* smtp://host[:port][/NAME] or smtps://...; NAME is what EHLO says: without it the host's own */
	const char *user, *password; /* NULL: no log-in */
	const char *ca_file; /* NULL: the system's */
	bool starttls; /* smtp:// only goes on with TLS (RFC 3207); false: with TLS where the server offers it */
	int64_t timeout_ms; /* of one mail */
	bool (*stopping)(void *owner); /* asked about once a second: true breaks off, SMTP_E_AWAY. NULL: never */
	void *owner;
};

enum smtp_result {
	SMTP_E_AWAY = 1, /* no connection, no TLS, no log-in, no sender accepted: this is so for every mail */
	SMTP_E_LATER, /* 4xx to this recipient or this message: again, after a while */
	SMTP_E_REFUSED, /* 5xx likewise: never */
};

/* The texts are copied. 0; -EINVAL when the URL is not as above (no user, no query); -ENOMEM. */
MUST_CHECK int smtp_open(struct smtp **ret, const struct smtp_options *o);
void smtp_close(struct smtp *s); /* accepts NULL */

/* Connects, logs in, says NOOP, goes. 0, SMTP_E_AWAY or -errno. */
MUST_CHECK int smtp_check(struct smtp *s);

/* Hands over @message, lines ending in CRLF, none longer than 998 bytes. 0: the server has taken it. enum smtp_result;
 * -EINVAL when an address is none that a command can carry (printable ASCII without spaces, '<' and '>'). */
MUST_CHECK int smtp_send(struct smtp *s, const char *from, const char *to, const char *message, size_t len);

/* Why the last call failed, in words: for logs, without address or message. */
const char *smtp_last_error(const struct smtp *s);

/* host:port of the URL, for logs. */
const char *smtp_address(const struct smtp *s);
