/*
 * cursor - where a page ended, as the opaque text that fetches the next one
 *
 * Any replica takes what another one made. It gives nobody anything: who may see a device is asked for every page
 * anew. The check in it is against mistakes, not against forgers.
 * Thread: any.
 */
#pragma once

#include "base/err.h"
#include "base/uuid.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum cursor_kind { CURSOR_HISTORY = 'h', CURSOR_LATEST = 'l' };

struct cursor {
	enum cursor_kind kind;
	bool descending; /* of history */
	struct uuid device; /* whose history; of latest, the last device of the page */
	int64_t time_ms; /* of the last position of the page */
};

enum { CURSOR_TEXT_SIZE = 48 }; /* the NUL included */

/* Base64url. */
void cursor_format(char out[static CURSOR_TEXT_SIZE], const struct cursor *c);

/* 0 or -EINVAL: not made by cursor_format(), or changed since. */
MUST_CHECK int cursor_parse(struct cursor *ret, const char *text);
