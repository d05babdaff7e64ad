/* play_cast - which tracker plays which track or animal, and from when on. */
#include "base/clock.h"
#include "cli/command.h"
#include "cli/play_internal.h"
#include "cli/stored.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum {
	QUERY_TIMEOUT_MS = 10000,
	GAP_MS = 3600000, /* a history that ends less than that ago is up to date: somebody may be playing it */
};

static bool wanted(const struct play *p, const struct pet *pet)
{
	return !strcmp(p->species, "any") || (pet->species == SPECIES_DOG) == !strcmp(p->species, "dog");
}

const struct pet *play_pet(const struct play *p, size_t i, size_t *ret_round)
{
	size_t n = 0, k = 0;

	for (size_t m = 0; m < PETS; m++)
		n += wanted(p, &pets[m]);
	*ret_round = i / n;
	for (i %= n;; k++)
		if (wanted(p, &pets[k]) && i-- == 0)
			return &pets[k];
}

static size_t called(const struct stage *s, const char *name)
{
	size_t k = 0;

	while (k < s->identities.n && strcmp(s->identities.items[k].identifier, name) != 0)
		k++;
	return k;
}

/* A device that is called like a track plays it; the other tracks take the devices that are left, in their order. */
static int cast_identities(struct stage *s)
{
	bool *taken = calloc(s->identities.n, sizeof *taken);
	size_t next = 0;

	if (!taken)
		return complain("no memory");
	assert(s->identities.n >= s->n); /* by play_find_identities() */
	for (size_t i = 0; s->tracks.n && i < s->n; i++) {
		size_t k = called(s, s->tracks.items[i % s->tracks.n].name);
		if (k == s->identities.n || taken[k])
			continue;
		taken[k] = true;
		s->members[i].identity = &s->identities.items[k];
	}
	for (size_t i = 0; i < s->n; i++) {
		if (s->members[i].identity)
			continue;
		while (taken[next])
			next++;
		s->members[i].identity = &s->identities.items[next++];
	}
	free(taken);
	return 0;
}

static void cast_animal(struct stage *s, size_t i)
{
	const struct play *p = s->play;
	int64_t now = s->fleet.clock.real_ms;
	size_t round;
	const struct animal_options o = {
		.seed = (uint64_t)p->seed,
		.number = i,
		.species = play_pet(p, i, &round)->species,
		.lat_e7 = p->lat_e7,
		.lon_e7 = p->lon_e7,
		.spread_m = p->spread_m,
		.start_ms = now - p->past_ms,
		.interval_ms = p->interval_ms,
		.switch_on = p->past_ms == 0,
	};

	source_of_animal(&s->members[i].source, &o, p->past_ms ? now : 0);
}

int play_cast(struct stage *s)
{
	s->members = calloc(s->n, sizeof *s->members);
	int status = s->members ? cast_identities(s) : complain("no memory");

	for (size_t i = 0; status == 0 && i < s->n; i++) {
		if (s->tracks.n)
			source_of_track(&s->members[i].source, &s->fleet.clock, &s->tracks.items[i % s->tracks.n]);
		else
			cast_animal(s, i);
	}
	return status;
}

/* ---- what is stored already ---- */

/* The play of one member without what query has of it. */
static int leave_out(struct stage *s, struct client *query, struct fleet_member *m)
{
	struct stored_span span;
	int r = stored_span_of(&span, query, s->session, m->identity->id, s->play->account.wait_ms);

	if (r)
		return complain("query does not tell what is stored: %s", client_last_error());
	if (span.last_ms == 0)
		return 0;
	int64_t now = s->fleet.clock.real_ms;
	source_skip(&m->source, span.first_ms, now - span.last_ms < GAP_MS ? now : span.last_ms);
	return 0;
}

static void drop_idle(struct stage *s)
{
	size_t n = 0;

	for (size_t i = 0; i < s->n; i++)
		if (source_has_next(&s->members[i].source, &s->fleet.clock))
			s->members[n++] = s->members[i];
	s->n = n;
}

int play_leave_out_stored(struct stage *s)
{
	struct client *query;
	int status = 0;

	if (!s->play->query_url)
		return 0;
	int r = client_open(
		&query, &(struct client_options){ .base_url = s->play->query_url, .timeout_ms = QUERY_TIMEOUT_MS });
	if (r)
		return complain("--query-url '%s': %s", s->play->query_url, strerror(-r));
	for (size_t i = 0; status == 0 && i < s->n; i++)
		status = leave_out(s, query, &s->members[i]);
	client_close(query);
	drop_idle(s);
	return status;
}
