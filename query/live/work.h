/*
 * work - what must not be done on an event loop: checking signatures, asking auth and MongoDB
 *
 * A few threads and one queue. Whoever puts work bounds it: a client has at most one piece at a time.
 */
#pragma once

#include "socket/loop.h"

#include <sys/queue.h>

/* A member of what the work is about. */
struct work {
	void (*run)(struct work *w); /* on a worker's thread */
	void (*done)(struct work *w); /* afterwards, on @loop's */
	struct loop *loop;
	STAILQ_ENTRY(work) link;
};

struct workers;

MUST_CHECK int workers_open(struct workers **ret, int64_t threads);
/* Thread: any. */
void workers_put(struct workers *ws, struct work *w);
/* Finishes all that was put; done() of each is posted when it returns. Accepts NULL. */
void workers_close(struct workers *ws);
