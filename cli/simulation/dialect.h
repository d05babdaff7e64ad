/*
 * dialect - what a simulated tracker says to a gateway, and how it reads the answer
 *
 * The other side of the wire from ingest/protocols, and on purpose none of its code: each is the other's test. To add
 * one: a file with its `const struct dialect`, and a row in dialect.c. Pure functions, no I/O, no allocation.
 */
#pragma once

#include "base/position.h"
#include "base/text.h"

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
	DIALECT_LOGIN_MAX = 256, /* bytes */
	DIALECT_FRAME_MAX = 32 * 1024, /* bytes of a frame of the most records */
};

struct dialect {
	const char *name; /* "teltonika-8e" */
	const char *protocol; /* the gateway's name for it: "teltonika" */
	const char *codec; /* which of its protocol's dialects it is: "8e"; NULL: the only one */
	uint16_t port; /* where a gateway listens for it, unless set otherwise */
	size_t records_max; /* positions in one frame */
	bool imei; /* devices are called by 15 digits, and have no secret */
	bool seconds; /* its times have no milliseconds */
	bool curt; /* it has no word for a device that is not known: the gateway hangs up or says nothing */
	bool udp; /* a frame is a datagram, and so is its answer; there is no login */
	bool broker; /* it is a broker that hears it, and the gateway from that */
	bool silent; /* nothing is answered: what is written counts as sent; read() is NULL */

	/* What opens a connection into @out; how long it is, 0 when it does not fit. NULL: nothing does. */
	size_t (*login)(uint8_t *out, size_t size, const char *identifier);

	/* A frame of @n positions, 1 to records_max, with a location each; what must follow it for an answer is part of it. How
	 * long it is, 0 when it does not fit. */
	size_t (*frame)(uint8_t *out, size_t size, const char *identifier, const char *secret, const struct position *p,
		size_t n);

	/* Reads the answer to the login (@greeting) or to a frame of @sent positions. */
	struct reply (*read)(const uint8_t *bytes, size_t len, bool greeting, size_t sent);
};

/* All there are, NULL-terminated; those of one protocol are next to one another, those for a broker last. */
extern const struct dialect *const dialects[];

/* The one called @name, or NULL. */
const struct dialect *dialect_find(const char *name);

/* The one of @protocol; where there are several, that of @codec. NULL: none. */
const struct dialect *dialect_speaking(const char *protocol, const char *codec);

/* The names of all protocols, divided by commas. */
void dialect_put_protocols(struct text *t);

/* The codecs of @protocol, the same; nothing where it has none. */
void dialect_put_codecs(struct text *t, const char *protocol);
