/*
 * jt808 - what the readers of JT/T 808 messages share
 *
 * A reader gets the body of one message and adds positions. 0 or enum protocol_reason.
 */
#pragma once

#include "ingest/protocols/attributes.h"
#include "ingest/protocols/parts.h"
#include "ingest/protocols/protocol.h"

#include "base/wire.h"

enum {
	JT808_TERMINAL = 6, /* bytes of packed digits */
	JT808_TERMINAL_2019 = 10,
	JT808_LOCK = 0x5501,
	JT808_LOCK_BLIND = 0x5502,
	JT808_LOCK_ANSWER = 0x4401,
};

/* Properties of a message. */
enum {
	JT808_LENGTH = 0x3FF,
	JT808_SPLIT = 1 << 13,
	JT808_2019 = 1 << 14,
};

/* Whether messages of @id are read; and whether they have a header of Jointech's. */
bool jt808_is_known(uint16_t id);
bool jt808_is_lock(uint16_t id);

/* ---- frames ---- */

/* struct protocol's frame(). */
ssize_t jt808_frame(const uint8_t *buf, size_t len, const struct protocol_limits *limits);

/* The message without marks, escapes and check, in @arena. 0 or enum protocol_reason. */
MUST_CHECK int jt808_open(struct wire *ret, const uint8_t *frame, size_t len, struct arena *arena);

struct jt808_address {
	bool newer; /* of 2019 */
	uint8_t version; /* then */
	uint8_t terminal[JT808_TERMINAL_2019];
};

/* A message to a terminal, ready to be sent. At most half as long as @out when unescaped. Returns its length. */
size_t jt808_make(uint8_t *out, const struct jt808_address *to, uint16_t id, const uint8_t *body, size_t n);

/* ---- messages ---- */

/* One message whose positions are being read. */
struct jt808 {
	uint16_t id;
	struct wire w; /* the body */
	struct protocol_scratch *scratch;
	struct protocol_result *result;
};

/* One report of it. */
struct jt808_report {
	struct position *p;
	struct attributes a;
	struct parts cells, wifi, alarms;
	struct arena *arena;
};

/* The next position of @m, empty. 0 or REASON_TOO_MANY. */
MUST_CHECK int jt808_begin(struct jt808_report *r, struct jt808 *m);
/* Adds it to the result. 0 or REASON_TOO_MANY. */
MUST_CHECK int jt808_end(struct jt808_report *r, struct jt808 *m);

/* jt808_location.c */
int jt808_location(struct jt808 *m);
int jt808_answered_location(struct jt808 *m); /* after the serial number of what it answers */
int jt808_batch(struct jt808 *m);
int jt808_short_batch(struct jt808 *m);

/* jt808_items.c: what follows a location, until @w is read */
void jt808_items(struct jt808_report *r, struct wire *w);

/* jt808_lock.c: Jointech's own messages */
int jt808_lock(struct jt808 *m);
/* "(ID,1,001,...)": the identifier into @ret_identifier. */
int jt808_sentence(struct jt808 *m, const uint8_t *text, size_t n, const char **ret_identifier);
