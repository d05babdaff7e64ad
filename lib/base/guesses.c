/* guesses - for each place in the table, until when its guesses are spent: each moves that on by what one costs. */
#include "base/guesses.h"
#include "base/uuid.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

enum { PLACES = 4096, MINUTE_MS = 60000 };

struct guesses {
	uint64_t seed;
	double cost_ms;
	_Atomic double spent_until_ms[PLACES];
};

int guesses_open(struct guesses **ret, int64_t a_minute)
{
	*ret = NULL;
	if (a_minute == 0)
		return 0;
	struct guesses *g = calloc(1, sizeof *g);
	if (!g)
		return -ENOMEM;
	g->cost_ms = (double)MINUTE_MS / (double)a_minute;
	if (getrandom(&g->seed, sizeof g->seed, 0) != (ssize_t)sizeof g->seed) {
		free(g);
		return errno ? -errno : -EIO;
	}
	*ret = g;
	return 0;
}

void guesses_close(struct guesses *g)
{
	free(g);
}

static size_t place_of(const struct guesses *g, const struct address *from)
{
	const struct address group = address_group(from);
	struct uuid key;

	memcpy(key.b, group.b, sizeof key.b);
	return uuid_hash(&key, g->seed) % PLACES;
}

int64_t guesses_wait_ms(const struct guesses *g, const struct address *from, int64_t now_ms)
{
	if (!g)
		return 0;
	double over_ms = g->spent_until_ms[place_of(g, from)] + g->cost_ms - (double)now_ms - MINUTE_MS;
	return over_ms <= 0.5 ? 0 : (int64_t)over_ms + 1;
}

void guesses_wrong(struct guesses *g, const struct address *from, int64_t now_ms)
{
	if (!g)
		return;
	_Atomic double *place = &g->spent_until_ms[place_of(g, from)];
	double was_ms = *place, next_ms;

	do
		next_ms = (was_ms > (double)now_ms ? was_ms : (double)now_ms) + g->cost_ms;
	while (!atomic_compare_exchange_weak(place, &was_ms, next_ms));
}
