#include "query/access/device_set.h"

#include <stdlib.h>

static int compare(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct uuid));
}

struct device_set *device_set_new(const struct uuid *ids, size_t n)
{
	struct device_set *s = malloc(sizeof(*s) + n * sizeof(*ids));

	if (!s)
		return NULL;
	atomic_init(&s->refs, 1);
	s->limits = (struct limits){ 0 };
	s->n = 0;
	if (n == 0)
		return s;
	memcpy(s->ids, ids, n * sizeof(*ids));
	qsort(s->ids, n, sizeof(*ids), compare);
	for (size_t i = 0; i < n; i++)
		if (s->n == 0 || !uuid_same(&s->ids[s->n - 1], &s->ids[i]))
			s->ids[s->n++] = s->ids[i];
	return s;
}

struct device_set *device_set_ref(struct device_set *s)
{
	atomic_fetch_add_explicit(&s->refs, 1, memory_order_relaxed);
	return s;
}

void device_set_unref(struct device_set *s)
{
	if (s && atomic_fetch_sub_explicit(&s->refs, 1, memory_order_acq_rel) == 1)
		free(s);
}

bool device_set_has(const struct device_set *s, const struct uuid *id)
{
	return bsearch(id, s->ids, s->n, sizeof(*id), compare) != NULL;
}
