#include "query/live/batch.h"

#include <stdlib.h>

struct batch *batch_new(enum batch_kind kind)
{
	struct batch *b = calloc(1, sizeof(*b));

	if (!b)
		return NULL;
	atomic_init(&b->refs, 1);
	b->kind = kind;
	return b;
}

struct batch *batch_ref(struct batch *b)
{
	atomic_fetch_add_explicit(&b->refs, 1, memory_order_relaxed);
	return b;
}

void batch_unref(struct batch *b)
{
	if (!b || atomic_fetch_sub_explicit(&b->refs, 1, memory_order_acq_rel) != 1)
		return;
	for (size_t i = 0; i < b->n; i++)
		update_unref(b->updates[i]);
	ring_unref(b->ring);
	free(b->ends);
	free(b);
}
