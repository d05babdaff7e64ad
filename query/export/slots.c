/* slots - a short list of users. */
#include "query/export/slots.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

struct slots {
	pthread_mutex_t lock;
	size_t n, max;
	struct uuid users[];
};

int slots_open(struct slots **ret, int64_t max)
{
	struct slots *s = calloc(1, sizeof *s + (size_t)max * sizeof(struct uuid));

	if (!s)
		return -ENOMEM;
	pthread_mutex_init(&s->lock, NULL);
	s->max = (size_t)max;
	*ret = s;
	return 0;
}

void slots_close(struct slots *s)
{
	if (!s)
		return;
	pthread_mutex_destroy(&s->lock);
	free(s);
}

/* With the lock held: the user's place, or @n. */
static size_t find(const struct slots *s, const struct uuid *user)
{
	size_t i = 0;

	while (i < s->n && !uuid_same(&s->users[i], user))
		i++;
	return i;
}

int slots_take(struct slots *s, const struct uuid *user)
{
	pthread_mutex_lock(&s->lock);
	int r = find(s, user) < s->n ? SLOTS_E_TWICE : s->n == s->max ? SLOTS_E_FULL : 0;
	if (r == 0)
		s->users[s->n++] = *user;
	pthread_mutex_unlock(&s->lock);
	return r;
}

void slots_give_back(struct slots *s, const struct uuid *user)
{
	pthread_mutex_lock(&s->lock);
	size_t i = find(s, user);
	if (i < s->n)
		s->users[i] = s->users[--s->n];
	pthread_mutex_unlock(&s->lock);
}
