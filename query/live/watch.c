/* watch - from a device to the clients that watch it, and back */
#include "query/live/hub_internal.h"
#include "query/live/partition.h"

#include <stdlib.h>

/* ---- places ---- */

struct viewer_place *viewer_place(struct viewer *v, int32_t partition)
{
	for (uint32_t i = 0; i < v->places_n; i++)
		if (v->places[i].partition == partition)
			return &v->places[i];
	return NULL;
}

/* One watch more in @partition. False when memory is out. */
static bool enter_place(struct viewer *v, int32_t partition)
{
	struct viewer_place *p = viewer_place(v, partition);

	if (p) {
		p->watches++;
		return true;
	}
	if (v->places_n == v->places_size) {
		uint32_t size = v->places_size > 0 ? 2 * v->places_size : 1;
		struct viewer_place *grown = realloc(v->places, size * sizeof(*grown));
		if (!grown)
			return false;
		v->places = grown;
		v->places_size = size;
	}
	v->places[v->places_n++] = (struct viewer_place){ partition, 1, v->hub->places[partition] };
	return true;
}

static void leave_place(struct viewer *v, int32_t partition)
{
	struct viewer_place *p = viewer_place(v, partition);

	if (--p->watches == 0)
		*p = v->places[--v->places_n];
}

/* ---- devices ---- */

static struct device *device_get(struct hub *h, const struct uuid *id)
{
	struct device *d = UUID_MAP_FIND(&h->devices, id, struct device, link);

	if (d)
		return d;
	d = calloc(1, sizeof(*d));
	if (!d)
		return NULL;
	d->link.key = *id;
	d->partition = partition_of(id, ring_partitions(h->ring));
	d->stored_ms = INT64_MIN;
	uuid_map_add(&h->devices, &d->link);
	return d;
}

static void device_put(struct hub *h, struct device *d)
{
	if (d->watches_n > 0)
		return;
	uuid_map_remove(&h->devices, &d->link);
	free(d->watches);
	free(d);
}

bool device_is_late(const struct device *d, const struct update *u)
{
	return u->late || (u->time_ms < d->stored_ms && d->stored_received_ms < u->received_ms);
}

void device_note_stored(struct device *d, const struct stored *s)
{
	if (s->time_ms <= d->stored_ms)
		return;
	d->stored_ms = s->time_ms;
	d->stored_received_ms = s->received_ms;
}

/* ---- watches ---- */

struct watch *watch_find(const struct viewer *v, const struct uuid *device)
{
	const struct device *d = UUID_MAP_FIND(&v->hub->devices, device, struct device, link);

	for (uint32_t i = 0; d && i < d->watches_n; i++)
		if (d->watches[i]->viewer == v)
			return d->watches[i];
	return NULL;
}

static bool make_room(struct device *d)
{
	if (d->watches_n < d->watches_size)
		return true;
	uint32_t size = d->watches_size > 0 ? 2 * d->watches_size : 1;
	struct watch **grown = realloc(d->watches, size * sizeof(struct watch *));
	if (!grown)
		return false;
	d->watches = grown;
	d->watches_size = size;
	return true;
}

static struct watch *add(struct viewer *v, struct device *d)
{
	struct watch *w = calloc(1, sizeof(*w));

	if (!w || !make_room(d) || !enter_place(v, d->partition)) {
		free(w);
		return NULL;
	}
	w->viewer = v;
	w->device = d;
	w->told_ms = w->shown_ms = INT64_MIN;
	w->at = d->watches_n;
	d->watches[d->watches_n++] = w;
	TAILQ_INSERT_TAIL(&v->watches, w, link);
	v->watches_n++;
	v->hub->watches_n++;
	v->sum ^= device_sum(&d->link.key);
	return w;
}

struct watch *watch_add(struct viewer *v, const struct uuid *device)
{
	struct watch *w = watch_find(v, device);

	if (!w) {
		struct device *d = device_get(v->hub, device);
		w = d ? add(v, d) : NULL;
		if (d)
			device_put(v->hub, d);
	}
	if (w)
		w->is_new = true;
	return w;
}

static bool is_of_another(void *arg, struct queue_entry *e)
{
	const struct watch *w = arg;

	return e->slot != &w->slot;
}

void watch_remove(struct watch *w)
{
	struct viewer *v = w->viewer;
	struct device *d = w->device;

	queue_filter(&v->queue, is_of_another, w);
	d->watches[w->at] = d->watches[--d->watches_n];
	d->watches[w->at]->at = w->at;
	TAILQ_REMOVE(&v->watches, w, link);
	v->watches_n--;
	v->hub->watches_n--;
	v->sum ^= device_sum(&d->link.key);
	leave_place(v, d->partition);
	device_put(v->hub, d);
	free(w);
}

void watch_remove_all(struct viewer *v)
{
	queue_clear(&v->queue);
	for (struct watch *w = TAILQ_FIRST(&v->watches), *next; w; w = next) {
		next = TAILQ_NEXT(w, link);
		watch_remove(w);
	}
}
