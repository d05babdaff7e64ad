/*
 * subscribe - from "subscribe" to the first update: what may be seen (auth), who watches (watch.c), what was (past.c)
 *
 * A client's messages are done one after another; each of the two questions is a piece of work in between. While the
 * past is being read the client's positions are held, and wait in its queue.
 */
#include "base/clock.h"
#include "query/live/hub_internal.h"
#include "query/live/stats.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
	ASK_AGAIN_MS = 100, /* after auth did not say what a user may see */
	READ_AGAIN_MS = 2000, /* a past that was not complete */
	AHEAD_TRIES = 8, /* a sweep apart: how long a cursor may be ahead of this replica */
	DEVICE_TEXT_MAX = 64, /* bytes of what a client calls a device, when it is told that there is none */
};

/* ---- reading the past ---- */

enum reading_kind {
	READING_SUBSCRIBED = 1,
	READING_ADDED, /* devices that "all" now includes */
	READING_AGAIN,
};

struct reading {
	struct work work;
	struct viewer *viewer;
	struct past_source *source;
	struct past past;
	enum reading_kind kind;
	int result;
	int tries;
	struct place *until;
	struct cursor *cursor; /* NULL: none was given */
};

static void reading_free(struct reading *r)
{
	past_clear(&r->past);
	device_set_unref(r->past.devices);
	ring_unref(r->past.ring);
	free(r->until);
	free(r->cursor);
	free(r);
}

static void run_reading(struct work *w)
{
	struct reading *r = (struct reading *)w;

	r->result = past_read(r->source, &r->past);
}

static void append_id(json_t *list, const struct uuid *id)
{
	char text[UUID_TEXT_SIZE];

	uuid_format(text, id);
	json_array_append_new(list, json_string(text));
}

static json_t *ids_json(const struct device_set *devices)
{
	json_t *list = json_array();

	for (size_t i = 0; i < devices->n; i++)
		append_id(list, &devices->ids[i]);
	return list;
}

/* Those of @devices that may still be watched. */
static json_t *watched_json(const struct viewer *v, const struct device_set *devices)
{
	json_t *list = json_array();

	for (size_t i = 0; i < devices->n; i++)
		if (watch_find(v, &devices->ids[i]))
			append_id(list, &devices->ids[i]);
	return list;
}

static void note_subscribed(struct viewer *v, const struct device_set *devices, bool recovered)
{
	viewer_note(v, json_pack("{ss so sb ss}", "type", "subscribed", "devices", watched_json(v, devices),
			       "recovered", recovered, "cursor", viewer_cursor(v, recovered)));
}

static struct watch *watch_of(struct queue_entry *e)
{
	return (struct watch *)((char *)e->slot - offsetof(struct watch, slot));
}

static void show(struct watch *w, const struct update *u)
{
	if (u->time_ms > w->shown_ms)
		w->shown_ms = u->time_ms;
}

/* What is older than the snapshot is late for this client, if it is shown that at all. */
static bool compare_with_snapshot(void *arg, struct queue_entry *e)
{
	const struct watch *w = watch_of(e);
	const struct viewer *v = arg;

	if (w->is_new && e->update->time_ms < w->told_ms)
		e->flags |= QUEUE_LATE;
	return viewer_shows(v, e->update, e->flags & QUEUE_LATE);
}

static void begin_snapshot(struct viewer *v, struct past *p)
{
	size_t n = 0;

	for (size_t i = 0; i < p->n; i++) {
		struct update *u = p->updates[i];
		struct watch *w = watch_find(v, &u->device);
		if (!w) { /* no longer watched */
			update_unref(u);
			continue;
		}
		w->told_ms = u->time_ms;
		show(w, u);
		p->updates[n++] = u;
	}
	queue_filter(&v->queue, compare_with_snapshot, v);
	v->snapshot = (struct snapshot){ p->updates, n, 0 };
	p->updates = NULL;
	p->n = 0;
}

static bool is_after_cursor(void *arg, struct queue_entry *e)
{
	struct viewer *v = arg;
	const struct viewer_place *p = e->update->partition >= 0 ? viewer_place(v, e->update->partition) : NULL;

	return !p || e->update->offset >= p->at.next;
}

/* The client is where its cursor says; it may be ahead of the hub. */
static void go_to_cursor(struct viewer *v, const struct cursor *cursor)
{
	for (size_t i = 0; i < cursor->n; i++) {
		struct viewer_place *p = viewer_place(v, cursor->places[i].partition);
		if (p) /* else the proof */
			p->at = cursor->places[i].at;
	}
	v->ahead = true; /* until it is seen that it is not */
	queue_filter(&v->queue, is_after_cursor, v);
}

/* Access to some may have ended while the past was read. */
static void drop_unwatched(struct viewer *v, struct past *p)
{
	size_t n = 0;

	for (size_t i = 0; i < p->n; i++)
		if (watch_find(v, &p->updates[i]->device))
			p->updates[n++] = p->updates[i];
		else
			update_unref(p->updates[i]);
	p->n = n;
}

static int put_missed(struct viewer *v, struct past *p)
{
	drop_unwatched(v, p);
	struct queue_slot **slots = calloc(p->n + 1, sizeof(struct queue_slot *));
	unsigned *flags = calloc(p->n + 1, sizeof(*flags));
	int r = slots && flags ? 0 : -ENOMEM;

	for (size_t i = 0; r == 0 && i < p->n; i++) {
		struct watch *w = watch_find(v, &p->updates[i]->device);
		slots[i] = &w->slot;
		flags[i] = device_is_late(w->device, p->updates[i]) ? QUEUE_LATE : 0;
		show(w, p->updates[i]);
	}
	if (r == 0)
		r = queue_prepend(&v->queue, p->updates, slots, flags, p->n);
	if (r == 0)
		p->n = 0; /* the queue has the references */
	free(slots);
	free(flags);
	return r;
}

static void note_all_stored(struct viewer *v, const struct past *p)
{
	for (size_t i = 0; i < p->stored_n; i++) {
		struct device *d = UUID_MAP_FIND(&v->hub->devices, &p->stored[i].device, struct device, link);
		if (d)
			device_note_stored(d, &p->stored[i]);
	}
}

static const char *outcome_name(enum past_outcome outcome)
{
	static const char *const names[] = {
		[PAST_ANEW] = "anew",
		[PAST_RECOVERED] = "recovered",
		[PAST_TOO_OLD] = "too_old",
		[PAST_OTHER] = "other",
		[PAST_TOO_MUCH] = "too_much",
		[PAST_AHEAD] = "ahead",
	};

	return names[outcome];
}

/* The answer to a subscribe: what was missed, or a snapshot. */
static int answer_subscribe(struct viewer *v, struct reading *r)
{
	bool recovered = r->cursor && r->past.outcome == PAST_RECOVERED;
	int result = 0;

	if (r->cursor)
		stats_resumed(outcome_name(r->past.outcome));
	if (recovered) {
		go_to_cursor(v, r->cursor);
		result = put_missed(v, &r->past);
	} else {
		begin_snapshot(v, &r->past);
	}
	if (result == 0)
		note_subscribed(v, r->past.devices, recovered);
	return result;
}

/* What is newer than what the client was shown. What came by the topic it gets by the topic. */
static void push_newer(struct viewer *v, const struct past *p)
{
	for (size_t i = 0; i < p->n; i++) {
		struct watch *w = watch_find(v, &p->updates[i]->device);
		if (w && p->updates[i]->partition < 0 && p->updates[i]->time_ms > w->shown_ms)
			viewer_push(w, p->updates[i], false);
	}
}

static void note_complete(struct viewer *v, bool complete)
{
	v->incomplete = !complete;
	if (!complete)
		v->read_again_ms = loop_now_ms(v->hub->loop) + READ_AGAIN_MS;
}

static void end_reading(struct viewer *v)
{
	struct watch *w;

	TAILQ_FOREACH(w, &v->watches, link)
	w->is_new = false;
	v->hold = false;
	ws_want_write(v->ws);
}

static void answer_reading(struct viewer *v, struct reading *r)
{
	int result = r->result;

	if (result == 0) {
		note_all_stored(v, &r->past);
		viewer_limit_past(v, &r->past);
		if (r->kind == READING_SUBSCRIBED)
			result = answer_subscribe(v, r);
		else if (r->kind == READING_ADDED)
			begin_snapshot(v, &r->past);
		else
			push_newer(v, &r->past);
		note_complete(v, r->past.complete && (r->kind == READING_AGAIN || !v->incomplete));
	}
	if (result)
		viewer_close(v, 1013, "memory", "try again later");
	else
		end_reading(v);
}

static void reading_done(struct work *w);

/* The reading waits, on no worker's thread, until the replica has come as far as the cursor. */
void viewer_unpark(struct viewer *v)
{
	struct reading *r = v->parked;

	v->parked = NULL;
	r->past.last_try = ++r->tries == AHEAD_TRIES;
	viewer_work(v, TASK_PAST, &r->work, run_reading, reading_done);
}

void viewer_forget_parked(struct viewer *v)
{
	if (v->parked)
		reading_free(v->parked);
	v->parked = NULL;
}

static void reading_done(struct work *w)
{
	struct reading *r = (struct reading *)w;
	struct viewer *v = r->viewer;

	if (viewer_worked(v, TASK_PAST)) {
		if (v->state == VIEWER_OPEN && r->past.outcome == PAST_AHEAD && !r->past.last_try) {
			v->parked = r;
			return;
		}
		if (v->state == VIEWER_OPEN)
			answer_reading(v, r);
		viewer_go_on(v);
	}
	reading_free(r);
}

/* From where on updates come for what is read about. Where the client is ahead of the hub that is the client's place: what
 * was before it is dropped (see viewer_push()), also of a device that the client has only begun to watch. */
static void copy_until(const struct viewer *v, struct place *until)
{
	memcpy(until, v->hub->places, (size_t)ring_partitions(v->hub->ring) * sizeof(*until));
	for (uint32_t i = 0; v->ahead && i < v->places_n; i++) {
		const struct viewer_place *p = &v->places[i];
		if (p->at.next > until[p->partition].next)
			until[p->partition] = p->at;
	}
}

/* Begins to read the past of @devices (its reference is taken over) and @cursor (malloc'd, taken over, may be NULL). */
static void read_past(struct viewer *v, enum reading_kind kind, struct device_set *devices, struct cursor *cursor)
{
	struct hub *h = v->hub;
	struct reading *r = calloc(1, sizeof(*r));
	struct place *until = calloc((size_t)ring_partitions(h->ring), sizeof(*until));

	if (!r || !until) {
		device_set_unref(devices);
		free(cursor);
		free(until);
		free(r);
		viewer_close(v, 1013, "memory", "try again later");
		return;
	}
	copy_until(v, until);
	r->viewer = v;
	r->source = h->shared->past;
	r->kind = kind;
	r->until = until;
	r->cursor = cursor;
	r->past = (struct past){
		.ring = ring_ref(h->ring),
		.devices = devices,
		.until = until,
		.cursor = cursor,
		.missed_max = h->limits.updates_max,
		.last_try = kind == READING_AGAIN, /* is tried again anyway */
	};
	v->hold = kind != READING_AGAIN;
	viewer_work(v, TASK_PAST, &r->work, run_reading, reading_done);
}

/* ---- asking what the user may see ---- */

struct asking {
	struct work work;
	struct viewer *viewer;
	struct access *access;
	struct uuid user;
	json_t *message; /* the subscribe; NULL: a recheck */
	struct device_set *visible;
	int result;
};

/* Of those that @message names, one that is not among @visible. */
static bool misses_one(const json_t *message, const struct device_set *visible, struct uuid *ret)
{
	const json_t *list = json_object_get(message, "devices"), *text;
	size_t i;

	json_array_foreach(list, i, text)
	{
		if (uuid_parse(ret, json_string_value(text), json_string_length(text)) == 0 &&
			!device_set_has(visible, ret))
			return true;
	}
	return false;
}

static void run_asking(struct work *w)
{
	struct asking *a = (struct asking *)w;
	struct uuid missed;

	a->result = access_devices(a->access, &a->user, &a->visible);
	if (a->result || !misses_one(a->message, a->visible, &missed))
		return;
	device_set_unref(a->visible);
	a->visible = NULL;
	a->result = access_devices_with(a->access, &a->user, &missed, &a->visible);
}

static void ask(struct viewer *v, json_t *message, void (*done)(struct work *w))
{
	struct asking *a = calloc(1, sizeof(*a));

	if (!a) {
		viewer_close(v, 1013, "memory", "try again later");
		return;
	}
	a->viewer = v;
	a->access = v->hub->shared->o.access;
	a->user = v->user;
	a->message = json_incref(message);
	viewer_work(v, TASK_ACCESS, &a->work, run_asking, done);
}

static void asking_free(struct asking *a)
{
	json_decref(a->message);
	device_set_unref(a->visible);
	free(a);
}

/* ---- subscribe ---- */

static bool is_all(const json_t *devices)
{
	return json_is_string(devices) && strcmp(json_string_value(devices), "all") == 0;
}

/* "all" or texts, and a cursor if any. */
static bool is_well_formed(const json_t *message)
{
	const json_t *devices = json_object_get(message, "devices"), *cursor = json_object_get(message, "cursor");
	size_t n = json_array_size(devices);

	if (cursor && !json_is_string(cursor) && !json_is_null(cursor))
		return false;
	if (is_all(devices))
		return true;
	if (!json_is_array(devices))
		return false;
	for (size_t i = 0; i < n; i++)
		if (!json_is_string(json_array_get(devices, i)))
			return false;
	return true;
}

/* Copies as much of @from, which is UTF-8, as there is room for; no character in part. */
static void cut_text(char *to, size_t size, const char *from)
{
	size_t n = strlen(from);

	if (n >= size)
		for (n = size - 1; n > 0 && ((unsigned char)from[n] & 0xC0) == 0x80; n--)
			;
	memcpy(to, from, n);
	to[n] = '\0';
}

static void say_not_found(struct viewer *v, const char *device)
{
	char text[DEVICE_TEXT_MAX];

	cut_text(text, sizeof(text), device);
	viewer_note_error(v, "not_found", "You have no such device.", text);
}

static void say_too_many(struct viewer *v)
{
	viewer_note_error(v, "too_many_devices", "Not all are watched: one connection has a limit.", NULL);
}

/* Those of the message's that the user may see; the others are said not to exist. NULL when memory is out. */
static struct device_set *named_devices(struct viewer *v, const json_t *list, const struct device_set *visible)
{
	size_t n = json_array_size(list), max = (size_t)v->hub->shared->o.subscriptions_max, found = 0;

	if (n > max) {
		n = max;
		say_too_many(v);
	}
	struct uuid *ids = calloc(n + 1, sizeof(*ids));

	for (size_t i = 0; ids && i < n; i++) {
		const json_t *text = json_array_get(list, i);
		bool good = uuid_parse(&ids[found], json_string_value(text), json_string_length(text)) == 0 &&
			    device_set_has(visible, &ids[found]);
		if (good)
			found++;
		else
			say_not_found(v, json_string_value(text));
	}
	struct device_set *set = ids ? device_set_new(ids, found) : NULL;
	free(ids);
	return set;
}

/* @devices without those that would be too many for the client, which is told. Takes the reference over. */
static struct device_set *bounded(struct viewer *v, struct device_set *devices)
{
	size_t max = (size_t)v->hub->shared->o.subscriptions_max, n = 0, new = 0;
	struct uuid *ids = calloc(devices->n + 1, sizeof(*ids));

	for (size_t i = 0; ids && i < devices->n; i++) {
		bool known = watch_find(v, &devices->ids[i]);
		if (!known && v->watches_n + new >= max)
			continue;
		new += !known;
		ids[n++] = devices->ids[i];
	}
	if (ids && n < devices->n)
		say_too_many(v);
	struct device_set *some = ids ? device_set_new(ids, n) : NULL;
	device_set_unref(devices);
	free(ids);
	return some;
}

static bool watch_all(struct viewer *v, const struct device_set *devices)
{
	for (size_t i = 0; i < devices->n; i++)
		if (!watch_add(v, &devices->ids[i]))
			return false;
	return true;
}

/* A cursor to resume with; NULL: none was given. One that cannot be read, or comes to a client that watches something
 * already, is answered like any other that leads nowhere. NULL with *ret_failed when memory is out. */
static struct cursor *given_cursor(const struct viewer *v, const json_t *message, bool *ret_failed)
{
	const json_t *text = json_object_get(message, "cursor");
	struct cursor *cursor = json_is_string(text) ? calloc(1, sizeof(*cursor)) : NULL;

	*ret_failed = json_is_string(text) && !cursor;
	/* Whoever is shown no history was not promised what he misses. */
	bool owed = v->watches_n == 0 && (!v->limits.limited || v->limits.history);
	if (cursor && (!owed || cursor_read(cursor, json_string_value(text), json_string_length(text))))
		cursor->partitions = 0;
	return cursor;
}

static void subscribe(struct viewer *v, const json_t *message, const struct device_set *visible)
{
	const json_t *list = json_object_get(message, "devices");
	bool failed, all = is_all(list);
	struct cursor *cursor = given_cursor(v, message, &failed);
	struct device_set *devices = all ? device_set_new(visible->ids, visible->n) : named_devices(v, list, visible);

	if (devices)
		devices = bounded(v, devices);
	if (failed || !devices || !watch_all(v, devices)) {
		device_set_unref(devices);
		free(cursor);
		viewer_close(v, 1013, "memory", "try again later");
		return;
	}
	v->follows_all |= all;
	read_past(v, READING_SUBSCRIBED, devices, cursor);
}

static void subscribe_limited(struct viewer *v, const json_t *message, const struct device_set *visible)
{
	if (viewer_limit(v, &visible->limits) && viewer_may_watch(v))
		subscribe(v, message, visible);
}

static void subscribe_asked(struct work *w)
{
	struct asking *a = (struct asking *)w;
	struct viewer *v = a->viewer;

	if (viewer_worked(v, TASK_ACCESS)) {
		if (v->state != VIEWER_OPEN || !v->hub->ring)
			; /* nobody to answer */
		else if (a->result == 0)
			subscribe_limited(v, a->message, a->visible);
		else
			viewer_note_error(v, "unavailable", "It is not known now what you may see; try again.", NULL);
		viewer_go_on(v);
	}
	asking_free(a);
}

void viewer_subscribe(struct viewer *v, const json_t *message)
{
	if (is_well_formed(message))
		ask(v, (json_t *)(uintptr_t)message, subscribe_asked);
	else
		viewer_close(v, 4400, "bad_message", "subscribe needs devices: a list of ids, or \"all\"");
}

void viewer_unsubscribe(struct viewer *v, const json_t *message)
{
	const json_t *devices = json_object_get(message, "devices");
	struct uuid id;

	if (!is_well_formed(message)) {
		viewer_close(v, 4400, "bad_message", "unsubscribe needs devices: a list of ids, or \"all\"");
		return;
	}
	if (is_all(devices)) {
		v->follows_all = false;
		watch_remove_all(v);
		return;
	}
	for (size_t i = 0; i < json_array_size(devices); i++) {
		const json_t *text = json_array_get(devices, i);
		bool good = uuid_parse(&id, json_string_value(text), json_string_length(text)) == 0;
		struct watch *w = good ? watch_find(v, &id) : NULL;
		if (w)
			watch_remove(w);
	}
}

/* ---- what the user may see has changed ---- */

static struct device_set *remove_invisible(struct viewer *v, const struct device_set *visible)
{
	struct uuid *gone = calloc(v->watches_n + 1, sizeof(*gone));
	struct watch *w, *next;
	size_t n = 0;

	for (w = TAILQ_FIRST(&v->watches); gone && w; w = next) {
		next = TAILQ_NEXT(w, link);
		if (device_set_has(visible, &w->device->link.key))
			continue;
		gone[n++] = w->device->link.key;
		watch_remove(w);
	}
	struct device_set *set = gone ? device_set_new(gone, n) : NULL;
	free(gone);
	return set;
}

/* Those that "all" includes and the client does not watch yet. */
static struct device_set *not_watched(struct viewer *v, const struct device_set *visible)
{
	struct uuid *new = calloc(visible->n + 1, sizeof(*new));
	size_t n = 0;

	for (size_t i = 0; new && v->follows_all &&i < visible->n; i++)
		if (!watch_find(v, &visible->ids[i]))
			new[n++] = visible->ids[i];
	struct device_set *set = new ? device_set_new(new, n) : NULL;
	free(new);
	return set ? bounded(v, set) : NULL;
}

static void recheck(struct viewer *v, const struct device_set *visible)
{
	bool later = !viewer_may_work(v); /* only what is added has to wait */
	struct device_set *removed = remove_invisible(v, visible);
	struct device_set *added = later ? device_set_new(NULL, 0) : not_watched(v, visible);

	v->additions = later && v->follows_all;
	viewer_filter_snapshot(v);
	if (!removed || !added || !watch_all(v, added)) {
		viewer_close(v, 1013, "memory", "try again later");
	} else if (removed->n > 0 || added->n > 0) {
		viewer_note(v, json_pack("{ss so so}", "type", "devices", "added", ids_json(added), "removed",
				       ids_json(removed)));
		if (added->n > 0)
			read_past(v, READING_ADDED, device_set_ref(added), NULL);
	}
	device_set_unref(removed);
	device_set_unref(added);
}

static void recheck_failed(struct viewer *v)
{
	int64_t now_ms = loop_now_ms(v->hub->loop);

	v->recheck = true;
	v->ask_again_ms = now_ms + ASK_AGAIN_MS;
	if (viewer_is_unsure(v))
		viewer_close(v, 1013, "unavailable", "it is not known now what you may see");
}

static void recheck_succeeded(struct viewer *v, const struct device_set *visible)
{
	v->unsure_ms = v->recheck ? v->recheck_ms : 0; /* what was said after the question is not answered */
	if (!viewer_limit(v, &visible->limits))
		return;
	recheck(v, visible);
	ws_want_write(v->ws); /* what was held back */
}

static void recheck_asked(struct work *w)
{
	struct asking *a = (struct asking *)w;
	struct viewer *v = a->viewer;

	if (viewer_worked(v, TASK_ACCESS)) {
		if (v->state != VIEWER_OPEN)
			; /* nobody to tell */
		else if (a->result == 0)
			recheck_succeeded(v, a->visible);
		else
			recheck_failed(v);
		viewer_go_on(v);
	}
	asking_free(a);
}

void viewer_recheck(struct viewer *v)
{
	v->recheck = false; /* what is said from now on is said again */
	if (v->watches_n > 0 || v->follows_all)
		ask(v, NULL, recheck_asked);
	else
		v->unsure_ms = 0;
}

/* ---- a past that was not complete ---- */

void viewer_reread(struct viewer *v)
{
	struct uuid *ids = calloc(v->watches_n + 1, sizeof(*ids));
	struct watch *w;
	size_t n = 0;

	if (ids)
		TAILQ_FOREACH(w, &v->watches, link)
	ids[n++] = w->device->link.key;
	struct device_set *devices = ids ? device_set_new(ids, n) : NULL;
	free(ids);
	if (devices)
		read_past(v, READING_AGAIN, devices, NULL);
	else
		viewer_close(v, 1013, "memory", "try again later");
}
