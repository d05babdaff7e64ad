/* agenda - a binary heap; the place of each entry is kept in it, so that it can be moved. */
#include "cli/simulation/agenda.h"

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

int agenda_open(struct agenda *a, size_t size)
{
	struct appointment **heap = calloc(size + 1, sizeof(struct appointment *)); /* places count from 1 */

	if (!heap)
		return -ENOMEM;
	*a = (struct agenda){ .heap = heap, .size = size };
	return 0;
}

void agenda_close(struct agenda *a)
{
	free(a->heap);
	*a = (struct agenda){ 0 };
}

static void settle(struct agenda *a, struct appointment *p, size_t at)
{
	a->heap[at] = p;
	p->place = at;
}

static void rise(struct agenda *a, struct appointment *p, size_t at)
{
	for (; at > 1 && a->heap[at / 2]->at_ms > p->at_ms; at /= 2)
		settle(a, a->heap[at / 2], at);
	settle(a, p, at);
}

static void sink(struct agenda *a, struct appointment *p, size_t at)
{
	for (size_t child; (child = 2 * at) <= a->n; at = child) {
		if (child < a->n && a->heap[child + 1]->at_ms < a->heap[child]->at_ms)
			child++;
		if (a->heap[child]->at_ms >= p->at_ms)
			break;
		settle(a, a->heap[child], at);
	}
	settle(a, p, at);
}

void agenda_put(struct agenda *a, struct appointment *p, int64_t at_ms)
{
	if (p->place == 0) {
		assert(a->n < a->size);
		p->place = ++a->n;
		p->at_ms = at_ms;
		rise(a, p, p->place);
		return;
	}
	bool later = at_ms > p->at_ms;
	p->at_ms = at_ms;
	if (later)
		sink(a, p, p->place);
	else
		rise(a, p, p->place);
}

void agenda_remove(struct agenda *a, struct appointment *p)
{
	size_t at = p->place;

	if (at == 0)
		return;
	struct appointment *last = a->heap[a->n--];
	p->place = 0;
	if (last == p)
		return;
	if (at > 1 && a->heap[at / 2]->at_ms > last->at_ms)
		rise(a, last, at);
	else
		sink(a, last, at);
}

struct appointment *agenda_first(const struct agenda *a)
{
	return a->n > 0 ? a->heap[1] : NULL;
}
