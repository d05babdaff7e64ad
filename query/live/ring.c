#include "query/live/ring.h"
#include "base/uuid_map.h"
#include "query/access/device_set.h"
#include "query/live/partition.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/queue.h>

enum { STRAY_DOUBT_MS = 600000 }; /* by how much the clocks and queues of two partitions' producers may differ */

/* A device that was heard of since the reading began. */
struct known {
	struct uuid_link link;
	TAILQ_ENTRY(known) heard;
	struct update *newest; /* by fix time; NULL: contacts only */
	int64_t first_received_ms; /* of its first record here */
	int64_t first_fix; /* offset of its first fix here; where @newest is not NULL */
};

struct part {
	pthread_mutex_t lock; /* guards all but @settled */
	struct update **at; /* circular */
	size_t head, n;
	size_t bytes;
	int64_t begin; /* where reading began */
	struct place end;
	struct place forgotten; /* the end of what has left the ring */
	int64_t stray_ms; /* when the last record of a device of this partition was received that came in another; 0: none */
	struct uuid_map devices;
	TAILQ_HEAD(, known) heard; /* longest ago first */
	_Atomic bool settled;
};

struct ring {
	atomic_uint refs;
	size_t records_max, bytes_max, devices_max; /* of each partition */
	int32_t partitions;
	struct part parts[];
};

/* ---- life ---- */

static int open_part(struct part *p, size_t records_max)
{
	pthread_mutex_init(&p->lock, NULL);
	TAILQ_INIT(&p->heard);
	p->at = calloc(records_max, sizeof(struct update *));
	return p->at ? uuid_map_open(&p->devices) : -ENOMEM;
}

static void forget_device(struct part *p, struct known *k)
{
	TAILQ_REMOVE(&p->heard, k, heard);
	uuid_map_remove(&p->devices, &k->link);
	update_unref(k->newest);
	free(k);
}

static struct update *oldest(const struct part *p)
{
	return p->at[p->head];
}

static void forget_oldest(const struct ring *r, struct part *p)
{
	struct update *u = oldest(p);

	p->forgotten = (struct place){ .next = u->offset + 1, .check = u->check };
	p->head = (p->head + 1) % r->records_max;
	p->n--;
	p->bytes -= update_size(u);
	update_unref(u);
}

static void close_part(const struct ring *r, struct part *p)
{
	struct known *k;

	while (p->at && p->n > 0)
		forget_oldest(r, p);
	while (p->devices.buckets && (k = TAILQ_FIRST(&p->heard)))
		forget_device(p, k);
	uuid_map_close(&p->devices);
	free(p->at);
	pthread_mutex_destroy(&p->lock);
}

static size_t share(int64_t all, int32_t partitions)
{
	int64_t each = all / partitions;

	return each > 0 ? (size_t)each : 1;
}

struct ring *ring_ref(struct ring *r)
{
	atomic_fetch_add_explicit(&r->refs, 1, memory_order_relaxed);
	return r;
}

void ring_unref(struct ring *r)
{
	if (!r || atomic_fetch_sub_explicit(&r->refs, 1, memory_order_acq_rel) != 1)
		return;
	for (int32_t i = 0; i < r->partitions; i++)
		close_part(r, &r->parts[i]);
	free(r);
}

int ring_open(struct ring **ret, int32_t partitions, const struct ring_options *o)
{
	struct ring *r = calloc(1, sizeof(*r) + (size_t)partitions * sizeof(*r->parts));
	int result = 0;

	if (!r)
		return -ENOMEM;
	atomic_init(&r->refs, 1);
	r->partitions = partitions;
	r->records_max = o->records_max > 0 ? (size_t)o->records_max : 1;
	r->bytes_max = share(o->bytes_max, partitions);
	r->devices_max = share(o->devices_max, partitions);
	for (int32_t i = 0; i < partitions; i++) {
		int opened = open_part(&r->parts[i], r->records_max);
		result = result ? result : opened;
	}
	if (result) {
		ring_unref(r);
		return result;
	}
	*ret = r;
	return 0;
}

int32_t ring_partitions(const struct ring *r)
{
	return r->partitions;
}

/* ---- writing ---- */

void ring_begin(struct ring *r, int32_t partition, int64_t offset)
{
	struct part *p = &r->parts[partition];

	pthread_mutex_lock(&p->lock);
	p->begin = offset;
	p->end = p->forgotten = (struct place){ .next = offset };
	p->settled = offset == 0;
	pthread_mutex_unlock(&p->lock);
}

void ring_begin_empty(struct ring *r, int32_t partition)
{
	r->parts[partition].settled = true;
}

static bool is_poison(const struct update *u)
{
	static const struct uuid none;

	return uuid_same(&u->device, &none);
}

static struct known *meet(const struct ring *r, struct part *p, const struct update *u)
{
	struct known *k = UUID_MAP_FIND(&p->devices, &u->device, struct known, link);

	if (k) {
		TAILQ_REMOVE(&p->heard, k, heard);
		TAILQ_INSERT_TAIL(&p->heard, k, heard);
		return k;
	}
	k = calloc(1, sizeof(*k));
	if (!k) /* the device is not remembered; its record is in the ring all the same */
		return NULL;
	k->link.key = u->device;
	k->first_received_ms = u->received_ms;
	uuid_map_add(&p->devices, &k->link);
	TAILQ_INSERT_TAIL(&p->heard, k, heard);
	if (p->devices.n > r->devices_max)
		forget_device(p, TAILQ_FIRST(&p->heard));
	return k;
}

/* Compares @u with the newest of its device, and becomes it. */
static void judge(const struct ring *r, struct part *p, struct update *u)
{
	struct known *k = is_poison(u) ? NULL : meet(r, p, u);
	struct update *newest = k ? k->newest : NULL;

	if (u->len == 0)
		return;
	u->first = !newest;
	u->late = newest && u->time_ms < newest->time_ms;
	if (!k || u->late)
		return;
	if (!newest)
		k->first_fix = u->offset;
	update_unref(newest);
	k->newest = update_ref(u);
}

static void note_stray(struct part *home, const struct update *u)
{
	pthread_mutex_lock(&home->lock);
	if (u->received_ms > home->stray_ms)
		home->stray_ms = u->received_ms;
	pthread_mutex_unlock(&home->lock);
}

void ring_append(struct ring *r, struct update *u)
{
	struct part *p = &r->parts[u->partition], *home = &r->parts[partition_of(&u->device, r->partitions)];

	if (p != home && !is_poison(u))
		note_stray(home, u);
	pthread_mutex_lock(&p->lock);
	judge(r, p, u);
	while (p->n == r->records_max || (p->n > 0 && p->bytes + update_size(u) > r->bytes_max))
		forget_oldest(r, p);
	p->at[(p->head + p->n) % r->records_max] = update_ref(u);
	p->n++;
	p->bytes += update_size(u);
	p->end = (struct place){ .next = u->offset + 1, .check = u->check };
	pthread_mutex_unlock(&p->lock);
}

/* ---- places ---- */

struct place ring_end(struct ring *r, int32_t partition)
{
	struct part *p = &r->parts[partition];

	pthread_mutex_lock(&p->lock);
	struct place end = p->end;
	pthread_mutex_unlock(&p->lock);
	return end;
}

bool ring_is_aging(struct ring *r, int32_t partition, int64_t next)
{
	struct part *p = &r->parts[partition];

	pthread_mutex_lock(&p->lock);
	int64_t first = p->forgotten.next;
	bool aging = first > p->begin && next < first + (p->end.next - first) / 2;
	pthread_mutex_unlock(&p->lock);
	return aging;
}

/* How many records of the ring are before @offset. */
static size_t count_before(const struct ring *r, const struct part *p, int64_t offset)
{
	size_t low = 0, high = p->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (p->at[(p->head + middle) % r->records_max]->offset < offset)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* The check of the record right before @next; 0: not known. */
static uint32_t check_before(const struct ring *r, const struct part *p, int64_t next)
{
	if (next == p->forgotten.next)
		return p->forgotten.check;
	size_t n = count_before(r, p, next);
	const struct update *u = n > 0 ? p->at[(p->head + n - 1) % r->records_max] : NULL;
	return u && u->offset == next - 1 ? u->check : 0;
}

static int find(const struct ring *r, const struct part *p, struct place place, bool *ret_sure)
{
	*ret_sure = false;
	if (place.next < p->forgotten.next)
		return RING_E_OLD;
	if (place.next > p->end.next)
		return RING_E_AHEAD;
	uint32_t check = check_before(r, p, place.next);
	if (place.check == 0)
		return 0;
	if (check == 0) /* known when the cursor was made, and not here */
		return place.next == p->forgotten.next ? RING_E_OLD : RING_E_OTHER;
	*ret_sure = check == place.check;
	return *ret_sure ? 0 : RING_E_OTHER;
}

int ring_find(struct ring *r, int32_t partition, struct place place, bool *ret_sure)
{
	struct part *p = &r->parts[partition];

	pthread_mutex_lock(&p->lock);
	int result = find(r, p, place, ret_sure);
	pthread_mutex_unlock(&p->lock);
	return result;
}

bool ring_may_stray(struct ring *r, int32_t partition, int64_t next)
{
	struct part *p = &r->parts[partition];

	pthread_mutex_lock(&p->lock);
	size_t n = count_before(r, p, next);
	const struct update *before = n > 0 ? p->at[(p->head + n - 1) % r->records_max] : NULL;
	bool yes = p->stray_ms > 0 && (!before || before->received_ms <= p->stray_ms + STRAY_DOUBT_MS);
	pthread_mutex_unlock(&p->lock);
	return yes;
}

/* ---- reading ---- */

static int read_part(const struct ring *r, const struct part *p, int64_t from, int64_t to,
	const struct device_set *wanted, struct update **out, size_t *n, size_t max)
{
	if (from < p->forgotten.next)
		return RING_E_OLD;
	for (size_t i = count_before(r, p, from); i < p->n; i++) {
		struct update *u = p->at[(p->head + i) % r->records_max];
		if (u->offset >= to)
			break;
		if (u->len == 0 || !device_set_has(wanted, &u->device))
			continue;
		if (*n == max)
			return RING_E_MANY;
		out[(*n)++] = update_ref(u);
	}
	return 0;
}

int ring_read(struct ring *r, int32_t partition, int64_t from, int64_t to, const struct device_set *wanted,
	struct update **out, size_t *n, size_t max)
{
	struct part *p = &r->parts[partition];

	pthread_mutex_lock(&p->lock);
	int result = read_part(r, p, from, to, wanted, out, n, max);
	pthread_mutex_unlock(&p->lock);
	return result;
}

/* The newest of @device among the ring's records before @before: since what is late is marked, the last that is not. */
static struct update *last_before(const struct ring *r, const struct part *p, const struct uuid *device, int64_t before)
{
	for (size_t i = count_before(r, p, before); i > 0; i--) {
		struct update *u = p->at[(p->head + i - 1) % r->records_max];
		if (u->len > 0 && !u->late && uuid_same(&u->device, device))
			return u;
	}
	return NULL;
}

static struct update *newest_before(
	const struct ring *r, const struct part *p, const struct uuid *device, int64_t before)
{
	const struct known *k = UUID_MAP_FIND(&p->devices, device, struct known, link);
	struct update *newest = k ? k->newest : NULL;

	if (!newest || newest->offset < before)
		return newest;
	struct update *u = last_before(r, p, device, before);
	return u || k->first_fix >= before ? u : newest;
}

struct update *ring_newest(struct ring *r, int32_t partition, const struct uuid *device, int64_t before)
{
	struct part *p = &r->parts[partition];

	pthread_mutex_lock(&p->lock);
	struct update *u = newest_before(r, p, device, before);
	if (u)
		update_ref(u);
	pthread_mutex_unlock(&p->lock);
	return u;
}

bool ring_has(struct ring *r, int32_t partition, const struct uuid *device, int64_t from, int64_t time_ms)
{
	struct part *p = &r->parts[partition];
	bool yes = false;

	pthread_mutex_lock(&p->lock);
	for (size_t i = count_before(r, p, from); i < p->n && !yes; i++) {
		const struct update *u = p->at[(p->head + i) % r->records_max];
		yes = u->len > 0 && u->time_ms == time_ms && uuid_same(&u->device, device);
	}
	pthread_mutex_unlock(&p->lock);
	return yes;
}

/* ---- settled ---- */

bool ring_settled(const struct ring *r, int32_t partition)
{
	return r->parts[partition].settled;
}

void ring_stored(struct ring *r, int32_t partition, const struct uuid *device, int64_t contact_ms)
{
	struct part *p = &r->parts[partition];

	if (p->settled)
		return;
	pthread_mutex_lock(&p->lock);
	struct known *k = UUID_MAP_FIND(&p->devices, device, struct known, link);
	if (k && contact_ms >= k->first_received_ms)
		p->settled = true;
	pthread_mutex_unlock(&p->lock);
}

size_t ring_probes(struct ring *r, int32_t partition, struct uuid *out, size_t max)
{
	struct part *p = &r->parts[partition];
	const struct known *k;
	size_t n = 0;

	pthread_mutex_lock(&p->lock);
	TAILQ_FOREACH(k, &p->heard, heard)
	{
		if (n == max)
			break;
		out[n++] = k->link.key;
	}
	pthread_mutex_unlock(&p->lock);
	return n;
}

void ring_fill(struct ring *r, size_t *ret_records, size_t *ret_bytes, size_t *ret_devices)
{
	*ret_records = *ret_bytes = *ret_devices = 0;
	for (int32_t i = 0; i < r->partitions; i++) {
		struct part *p = &r->parts[i];
		pthread_mutex_lock(&p->lock);
		*ret_records += p->n;
		*ret_bytes += p->bytes;
		*ret_devices += p->devices.n;
		pthread_mutex_unlock(&p->lock);
	}
}
