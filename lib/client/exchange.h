/*
 * exchange - one HTTP request and its answer, over connections that are kept
 *
 * Thread: any; each exchange under way has a handle of its own.
 */
#pragma once

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct exchanger;

struct exchange_options {
	const char *ca_file; /* NULL: the system's; copied */
	int64_t timeout_ms; /* of a whole exchange; with a sink, of a silence */
	int64_t answer_max; /* bytes of an answer's body */
};

/* All borrowed for the call. */
struct request {
	const char *method;
	const char *url;
	const char *accept;
	const char *bearer; /* NULL: none */
	const char *content_type;
	const char *body; /* NULL: none */
	size_t body_len;
	/* Where the body of a good answer (2xx) goes as it comes, however long it is; false: no more. NULL: it is gathered. */
	bool (*sink)(void *owner, const void *bytes, size_t n);
	void *sink_owner;
};

struct answer {
	long status;
	char *body; /* NUL-terminated; free() */
	size_t len;
};

MUST_CHECK int exchange_open(struct exchanger **ret, const struct exchange_options *o);
/* Accepts NULL. */
void exchange_close(struct exchanger *x);

/* 0 and *ret set, whatever the status; -EPIPE when the sink took no more; CLIENT_E_RETRY when there was no answer, CLIENT_E_MALFORMED when it was too
 * large; or -errno. */
MUST_CHECK int exchange(struct exchanger *x, const struct request *q, struct answer *ret);

/* 0, or -EINVAL when @url is not http or https, or carries more than host, port and path. */
MUST_CHECK int exchange_check_url(const char *url);

/* @s escaped for a form's value, free(); NULL when memory is out. */
char *exchange_escape(const char *s);

/* Wipes @s and frees it. Accepts NULL. */
void exchange_free_secret(char *s);
