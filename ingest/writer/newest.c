/* newest - what each device's newest fix is, and when it last spoke. */
#include "newest.h"
#include "bytes.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

enum { SLOTS_MIN = 4096 }; /* a power of two */

struct device {
	struct report report;
	size_t fix, fix_len; /* in @fixes */
};

struct newest {
	struct device *devices; /* in order of their first report */
	size_t n, room;
	uint32_t *slots; /* 1 + index of a device, 0: empty; at most half in use */
	size_t slots_n;
	struct bytes fixes; /* a fix that was overtaken leaves its bytes behind until all is forgotten */
	uint64_t seed;
};

int newest_open(struct newest **ret)
{
	struct newest *t = calloc(1, sizeof(*t));

	if (!t)
		return -ENOMEM;
	t->slots_n = SLOTS_MIN;
	t->slots = calloc(t->slots_n, sizeof(*t->slots));
	if (!t->slots) {
		newest_close(t);
		return -ENOMEM;
	}
	if (getrandom(&t->seed, sizeof(t->seed), 0) < 0)
		t->seed = (uint64_t)(uintptr_t)t; /* evenness does not rest on it: identifiers are random */
	*ret = t;
	return 0;
}

void newest_close(struct newest *t)
{
	if (!t)
		return;
	bytes_free(&t->fixes);
	free(t->devices);
	free(t->slots);
	free(t);
}

/* The slot of @device, or the empty one where it would go. */
static uint32_t *find_slot(const struct newest *t, const struct uuid *device)
{
	size_t mask = t->slots_n - 1, i = (size_t)uuid_hash(device, t->seed) & mask;

	while (t->slots[i] && !uuid_same(&t->devices[t->slots[i] - 1].report.device, device))
		i = (i + 1) & mask;
	return &t->slots[i];
}

static int grow_slots(struct newest *t)
{
	uint32_t *slots = calloc(t->slots_n * 2, sizeof(*slots));

	if (!slots)
		return -ENOMEM;
	free(t->slots);
	t->slots = slots;
	t->slots_n *= 2;
	for (size_t i = 0; i < t->n; i++)
		*find_slot(t, &t->devices[i].report.device) = (uint32_t)i + 1;
	return 0;
}

static int make_room(struct newest *t)
{
	if (t->n == t->room) {
		size_t room = t->room ? t->room * 2 : SLOTS_MIN / 2;
		struct device *devices = realloc(t->devices, room * sizeof(*devices));
		if (!devices)
			return -ENOMEM;
		t->devices = devices;
		t->room = room;
	}
	return t->n * 2 < t->slots_n ? 0 : grow_slots(t);
}

/* @d's fix is now that of @r. */
static int set_fix(struct newest *t, struct device *d, const struct report *r, const uint8_t *fix, size_t fix_len)
{
	if (fix_len > d->fix_len) {
		int e = bytes_add(&t->fixes, fix, fix_len, &d->fix);
		if (e)
			return e;
	} else {
		memcpy(t->fixes.at + d->fix, fix, fix_len);
	}
	d->fix_len = fix_len;
	d->report.has_fix = true;
	d->report.time_ms = r->time_ms;
	return 0;
}

/* A battery that is said with a fix is in the fix's document; one said without counts until something newer says. */
static void set_contact(struct report *known, const struct report *r)
{
	if (r->contact_ms < known->contact_ms)
		return;
	known->contact_ms = r->contact_ms;
	if (r->has_battery) {
		known->has_battery = true;
		known->battery_pct = r->battery_pct;
	}
}

static int add(struct newest *t, const struct report *r, const uint8_t *fix, size_t fix_len)
{
	int e = make_room(t);
	struct device d = { .report = *r };

	d.report.has_fix = false;
	if (e == 0 && r->has_fix)
		e = set_fix(t, &d, r, fix, fix_len);
	if (e)
		return e;
	t->devices[t->n++] = d;
	*find_slot(t, &r->device) = (uint32_t)t->n;
	return 0;
}

int newest_note(struct newest *t, const struct report *r, const uint8_t *fix, size_t fix_len)
{
	uint32_t slot = *find_slot(t, &r->device);

	if (!slot)
		return add(t, r, fix, fix_len);
	struct device *d = &t->devices[slot - 1];
	if (r->has_fix && (!d->report.has_fix || r->time_ms > d->report.time_ms)) {
		int e = set_fix(t, d, r, fix, fix_len);
		if (e)
			return e;
		d->report.has_battery = false;
	}
	set_contact(&d->report, r);
	return 0;
}

size_t newest_devices(const struct newest *t)
{
	return t->n;
}

size_t newest_bytes(const struct newest *t)
{
	return t->fixes.used;
}

const struct report *newest_at(const struct newest *t, size_t i, bson_t *fix, const bson_t **ret_fix)
{
	const struct device *d = &t->devices[i];

	*ret_fix = d->report.has_fix && bson_init_static(fix, t->fixes.at + d->fix, d->fix_len) ? fix : NULL;
	return &d->report;
}

void newest_clear(struct newest *t)
{
	bytes_clear(&t->fixes);
	t->n = 0;
	memset(t->slots, 0, t->slots_n * sizeof(*t->slots));
}
