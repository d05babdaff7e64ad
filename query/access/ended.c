#include "query/access/ended.h"

#include <stdlib.h>

int ended_open(struct ended *e, size_t max)
{
	*e = (struct ended){ .max = max };
	TAILQ_INIT(&e->order);
	return uuid_map_open(&e->sessions);
}

static void drop(struct ended *e, struct ended_session *s)
{
	TAILQ_REMOVE(&e->order, s, order);
	uuid_map_remove(&e->sessions, &s->link);
	free(s);
}

void ended_close(struct ended *e)
{
	struct ended_session *s;

	if (!e->sessions.buckets)
		return;
	while ((s = TAILQ_FIRST(&e->order)))
		drop(e, s);
	uuid_map_close(&e->sessions);
}

void ended_add(struct ended *e, const struct uuid *session, int64_t now_ms, int64_t until_ms)
{
	struct ended_session *s;

	while ((s = TAILQ_FIRST(&e->order)) && (s->until_ms <= now_ms || e->sessions.n >= e->max))
		drop(e, s);
	if (uuid_map_find(&e->sessions, session))
		return;
	s = malloc(sizeof(*s));
	if (!s)
		return;
	s->link.key = *session;
	s->until_ms = until_ms;
	uuid_map_add(&e->sessions, &s->link);
	TAILQ_INSERT_TAIL(&e->order, s, order);
}

bool ended_has(const struct ended *e, const struct uuid *session, int64_t now_ms)
{
	const struct ended_session *s = UUID_MAP_FIND(&e->sessions, session, struct ended_session, link);

	return s && s->until_ms > now_ms;
}
