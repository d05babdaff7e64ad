/*
 * polyglot - a gateway made of air that speaks every protocol, by what the gateway itself reads and answers with
 *
 * On a thread of its own. Thread: polyglot_open() and polyglot_close() from the test.
 */
#pragma once

#include "ingest/protocols/protocol.h"

struct polyglot;

struct polyglot_options {
	const struct protocol *protocol;
	/* A position that is taken; on the polyglot's thread. */
	void (*taken)(const char *identifier, const struct position *p);
	unsigned lose; /* every n-th frame is not heard: a datagram is lost, a connection is cut; 0: none */
	enum protocol_reason refused; /* what is said of frames that name a device; 0: they are taken */
	int64_t refused_from, refused_n; /* of those frames; 0 and 0: all */
};

MUST_CHECK int polyglot_open(struct polyglot **ret, const struct polyglot_options *o);
uint16_t polyglot_port(const struct polyglot *p);

/* Ends it when every connection is closed, and so has been heard to its end. */
void polyglot_close(struct polyglot *p);
