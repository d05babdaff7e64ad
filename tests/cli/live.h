/*
 * live - a live stream made of air, for tests of `pettrack tail`
 *
 * Each connection gets a script: it is answered as the contract has it, gets its frames, and is then closed. On a thread
 * of its own. Thread: live_open() and live_close() from the test; what was heard after closing.
 */
#pragma once

#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

enum { LIVE_CONNECTIONS = 4, LIVE_FRAMES = 8, LIVE_HEARD_SIZE = 4096 };

struct live_script {
	const char *frames[LIVE_FRAMES]; /* sent after the subscription, one after the other */
	int close; /* with this code then; 0: stay */
	int heard; /* but not before so many messages were heard */
	int deny; /* close with this code instead of taking the token */
};

struct live;

MUST_CHECK int live_open(struct live **ret, const struct live_script *scripts, size_t n);
uint16_t live_port(const struct live *l);

/* Messages that connection @i said, a line each. After live_close() they stay. */
const char *live_heard(size_t i);
void live_close(struct live *l);
