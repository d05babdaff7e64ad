/*
 * dialect - what a simulated tracker says to a gateway, and how it reads the answer
 *
 * The other side of the wire from ingest/protocols, and on purpose none of its code: each is the other's test. To add
 * one: a file with its `const struct dialect`, and a row in dialect.c. Pure functions, no I/O, no allocation.
 */
#pragma once

#include "base/position.h"

enum reply_kind {
	REPLY_MORE, /* not all of it has come */
	REPLY_WELCOME, /* the login is accepted: positions may be sent */
	REPLY_TAKEN, /* @taken of the positions sent are acknowledged; the rest is to be sent again */
	REPLY_REFUSED, /* these positions are not wanted: sending them again is no use */
	REPLY_DENIED, /* the device is not known, or its secret not right; that may change, a new one takes a while */
	REPLY_LATER, /* the gateway cannot take them now */
	REPLY_GARBAGE, /* not an answer: close the connection */
};

struct reply {
	enum reply_kind kind;
	size_t used; /* bytes of the answer */
	size_t taken; /* of REPLY_TAKEN */
	bool last; /* the gateway will close after it */
};

enum {
	DIALECT_IDENTIFIER_MAX = 64,
	DIALECT_SECRET_MAX = 128,
	DIALECT_FRAME_MAX = 16 * 1024, /* bytes of a login or of a frame of the most records */
};

struct dialect {
	const char *name; /* "teltonika-8e" */
	size_t records_max; /* positions in one frame */
	bool imei; /* devices are called by 15 digits */

	/* What opens a connection into @out; how long it is, 0 when it does not fit. NULL: nothing does. */
	size_t (*login)(uint8_t *out, size_t size, const char *identifier);

	/* A frame of @n positions, 1 to records_max, with a location each. How long it is, 0 when it does not fit. */
	size_t (*frame)(uint8_t *out, size_t size, const char *identifier, const char *secret, const struct position *p,
		size_t n);

	/* Reads the answer to the login (@greeting) or to a frame of @sent positions. */
	struct reply (*read)(const uint8_t *bytes, size_t len, bool greeting, size_t sent);
};

/* The one called @name, or NULL. */
const struct dialect *dialect_find(const char *name);
