/*
 * scratch - memory for the contents of one frame, as much as the gateway has for any
 *
 * Thread: any; a scratch is used by one thread at a time.
 */
#pragma once

#include "ingest/protocols/protocol.h"

/* The caller's to protocol_scratch_close(). 0, or -ENOMEM and *ret is all zero. */
MUST_CHECK int protocol_scratch_open(struct protocol_scratch *ret);
/* Accepts one that is all zero. */
void protocol_scratch_close(struct protocol_scratch *s);
