/*
 * newest - what each device's newest fix is, and when it last spoke, since `latest` was last brought up to date
 *
 * A hash table of devices. Times only go forward: what was noted before and is newer stays. Of two fixes of the same
 * time the first counts, as in the collection `positions`. Thread: one.
 */
#pragma once

#include "document.h"

struct newest;

MUST_CHECK int newest_open(struct newest **ret); /* 0 or -ENOMEM */
void newest_close(struct newest *t); /* accepts NULL */

/* Takes @r in. @fix (@fix_len bytes, copied) is its document of `positions` where it has a fix. 0, or -ENOMEM and nothing
 * changed. */
MUST_CHECK int newest_note(struct newest *t, const struct report *r, const uint8_t *fix, size_t fix_len);

/* Devices noted, and bytes held for them. */
size_t newest_devices(const struct newest *t);
size_t newest_bytes(const struct newest *t);

/* The @i-th device, @i < newest_devices(); *ret_fix is a view (no bson_destroy), valid until the next note, or NULL. */
const struct report *newest_at(const struct newest *t, size_t i, bson_t *fix, const bson_t **ret_fix);

/* Forgets all; the memory stays. */
void newest_clear(struct newest *t);
