/*
 * outbox - what a client is sent, and in which order: notes, then the pages of a snapshot, then the updates that wait
 *
 * A frame is built in the hub's one buffer. Its cursor names, for each partition that the client watches, the place after
 * the last update of it that was sent; and when nothing waits any more the hub's own place, since all before that which was not
 * sent is of devices the client does not watch.
 */
#include "base/clock.h"
#include "base/text.h"
#include "query/live/hub_internal.h"
#include "query/live/stats.h"

#include <stdlib.h>
#include <string.h>

enum {
	NOTES_MAX = 4096, /* that a client may leave waiting */
	OVERHEAD = 256, /* bytes of a frame beside positions and cursor */
};

/* ---- notes ---- */

void viewer_note(struct viewer *v, json_t *json)
{
	size_t n = json ? json_dumpb(json, NULL, 0, JSON_COMPACT) : 0;
	struct note *note = n > 0 ? malloc(sizeof(*note) + WS_HEADROOM + n) : NULL;

	if (note) {
		note->n = json_dumpb(json, note->text + WS_HEADROOM, n, JSON_COMPACT);
		STAILQ_INSERT_TAIL(&v->notes, note, link);
		v->notes_n++;
	}
	json_decref(json);
	if (!note)
		viewer_close(v, 1013, "memory", "try again later");
	else if (v->notes_n > NOTES_MAX)
		viewer_close(v, 4413, "slow", "does not read what it asks for");
	else
		ws_want_write(v->ws);
}

void viewer_note_error(struct viewer *v, const char *code, const char *detail, const char *device)
{
	viewer_note(v, json_pack("{ss ss ss* ss*}", "type", "error", "code", code, "detail", detail, "device", device));
}

/* A socket that is broken closes by itself. */
static void send(struct viewer *v, char *text, size_t n)
{
	v->hub->tally.bytes += ws_send(v->ws, text, n) == 0 ? n : 0;
}

static void send_note(struct viewer *v)
{
	struct note *note = STAILQ_FIRST(&v->notes);

	STAILQ_REMOVE_HEAD(&v->notes, link);
	v->notes_n--;
	send(v, note->text + WS_HEADROOM, note->n);
	free(note);
}

static void clear_snapshot(struct viewer *v)
{
	for (size_t i = v->snapshot.at; i < v->snapshot.n; i++)
		update_unref(v->snapshot.updates[i]);
	free(v->snapshot.updates);
	v->snapshot = (struct snapshot){ 0 };
}

void viewer_filter_snapshot(struct viewer *v)
{
	struct snapshot *s = &v->snapshot;
	size_t n = s->at;

	for (size_t i = s->at; i < s->n; i++)
		if (watch_find(v, &s->updates[i]->device))
			s->updates[n++] = s->updates[i];
		else
			update_unref(s->updates[i]);
	s->n = n;
}

void viewer_forget_outbox(struct viewer *v)
{
	struct note *note;

	while ((note = STAILQ_FIRST(&v->notes))) {
		STAILQ_REMOVE_HEAD(&v->notes, link);
		free(note);
	}
	clear_snapshot(v);
}

/* ---- cursors ---- */

/* A place that tells which topic is meant, of a partition that the client does not watch. */
static const struct cursor_place *find_proof(const struct viewer *v, struct cursor_place *ret)
{
	const struct hub *h = v->hub;
	const int32_t n = ring_partitions(h->ring);

	for (int32_t i = 0; i < n; i++) {
		int32_t partition = (h->last_partition + i) % n;
		if (h->places[partition].check == 0)
			continue;
		*ret = (struct cursor_place){ partition, h->places[partition] };
		return ret;
	}
	return NULL;
}

const char *viewer_cursor(const struct viewer *v, bool complete)
{
	static _Thread_local char text[CURSOR_TEXT_SIZE];
	struct cursor_place places[CURSOR_PLACES_MAX], other;
	const struct cursor_place *proof = NULL;
	bool sure = true;

	if (!complete || v->incomplete || v->places_n > CURSOR_PLACES_MAX) {
		cursor_write(text, 0, 0, NULL, 0, NULL);
		return text;
	}
	for (uint32_t i = 0; i < v->places_n; i++) {
		places[i] = (struct cursor_place){ v->places[i].partition, v->places[i].at };
		sure &= places[i].at.check != 0;
	}
	if (!sure)
		proof = find_proof(v, &other);
	cursor_write(text, (uint32_t)ring_partitions(v->hub->ring), v->sum, places, v->places_n, proof);
	return text;
}

/* ---- frames ---- */

static struct text begin_frame(struct viewer *v, const char *type)
{
	struct text t = text_in(v->hub->frame + WS_HEADROOM, v->hub->frame_size);

	text_puts(&t, "{\"type\":\"");
	text_puts(&t, type);
	text_puts(&t, "\",\"positions\":[");
	return t;
}

/* Whether another position fits: the first always does. */
static bool has_room(const struct viewer *v, const struct text *t, size_t n, struct update *u)
{
	return n == 0 || t->len + update_shown(u, &v->limits).len + 16 <= (size_t)v->hub->shared->o.frame_max;
}

static void put_update(const struct viewer *v, struct text *t, size_t n, struct update *u, bool late)
{
	struct update_text shown = update_shown(u, &v->limits);

	if (n > 0)
		text_putc(t, ',');
	text_put(t, shown.json, shown.len);
	text_puts(t, late ? ",\"late\":true}" : "}");
}

static void send_frame(struct viewer *v, struct text *t)
{
	v->hub->tally.frames++;
	send(v, t->buf, t->len);
}

static void send_snapshot_page(struct viewer *v)
{
	struct snapshot *s = &v->snapshot;
	struct text t = begin_frame(v, "snapshot");
	size_t n = 0;

	for (; s->at < s->n && has_room(v, &t, n, s->updates[s->at]); n++) {
		put_update(v, &t, n, s->updates[s->at], false);
		update_unref(s->updates[s->at++]);
	}
	bool last = s->at == s->n;
	text_puts(&t, "],\"cursor\":\"");
	text_puts(&t, viewer_cursor(v, last));
	text_puts(&t, last ? "\",\"last\":true}" : "\",\"last\":false}");
	v->hub->tally.deliveries += n;
	send_frame(v, &t);
	if (last)
		clear_snapshot(v);
}

/* Takes what fits from the queue. */
static size_t put_updates(struct viewer *v, struct text *t)
{
	struct queue_entry *e;
	size_t n = 0;

	for (; (e = queue_first(&v->queue)) && has_room(v, t, n, e->update); n++) {
		struct update *u = e->update;
		put_update(v, t, n, u, e->flags & QUEUE_LATE);
		struct viewer_place *p = u->partition >= 0 ? viewer_place(v, u->partition) : NULL;
		if (p)
			p->at = (struct place){ u->offset + 1, u->check };
		queue_drop_first(&v->queue);
	}
	return n;
}

/* Nothing waits: the client has come as far as the hub. */
static void catch_up(struct viewer *v)
{
	bool ahead = false;

	for (uint32_t i = 0; i < v->places_n; i++) {
		struct viewer_place *p = &v->places[i];
		const struct place *here = &v->hub->places[p->partition];
		if (here->next >= p->at.next)
			p->at = *here;
		else
			ahead = true;
	}
	v->ahead = ahead;
	v->stuck_ms = 0;
}

static void send_positions(struct viewer *v)
{
	struct queue_entry *first = queue_first(&v->queue);
	struct text t = begin_frame(v, "positions");

	if (first)
		series_observe(stats.delivery_seconds, (double)(clock_real_ms() - first->update->received_ms) / 1000);
	size_t n = put_updates(v, &t);
	uint64_t skipped = queue_take_skipped(&v->queue);
	if (!queue_first(&v->queue))
		catch_up(v);
	v->cursor_due = false;
	text_puts(&t, "],\"cursor\":\"");
	text_puts(&t, viewer_cursor(v, true));
	text_putc(&t, '"');
	if (skipped > 0) {
		text_puts(&t, ",\"skipped\":");
		text_int(&t, (int64_t)skipped);
	}
	text_putc(&t, '}');
	v->hub->tally.deliveries += n;
	v->hub->tally.conflated += skipped;
	send_frame(v, &t);
}

/* ---- flush ---- */

static bool has_snapshot(const struct viewer *v)
{
	return v->snapshot.updates && !viewer_is_unsure(v);
}

static bool has_positions(struct viewer *v)
{
	return !v->hold && !v->snapshot.updates && !viewer_is_unsure(v) && (queue_first(&v->queue) || v->cursor_due);
}

void viewer_writable(struct viewer *v)
{
	if (v->state != VIEWER_NEW && v->state != VIEWER_OPEN)
		return;
	if (!STAILQ_EMPTY(&v->notes)) {
		send_note(v);
	} else if (has_snapshot(v)) {
		send_snapshot_page(v);
		if (!v->snapshot.updates)
			viewer_go_on(v); /* the next message may have waited for this */
	} else if (has_positions(v)) {
		send_positions(v);
	}
	if (!STAILQ_EMPTY(&v->notes) || has_snapshot(v) || has_positions(v))
		ws_want_write(v->ws);
}

/* ---- queue ---- */

/* Whether a client that is ahead of the hub has it. Of a partition that it does not watch (a stray) it has nothing. */
static bool was_sent(struct viewer *v, const struct update *u)
{
	const struct viewer_place *p = v->ahead && u->partition >= 0 ? viewer_place(v, u->partition) : NULL;

	return p && u->offset < p->at.next;
}

void viewer_push(struct watch *w, struct update *u, bool late)
{
	struct viewer *v = w->viewer;

	if (v->state != VIEWER_OPEN || was_sent(v, u) || !viewer_shows(v, u, late))
		return;
	if (queue_put(&v->queue, &v->hub->limits, u, &w->slot, late ? QUEUE_LATE : 0)) {
		viewer_close(v, 1013, "memory", "try again later");
		return;
	}
	if (u->time_ms > w->shown_ms)
		w->shown_ms = u->time_ms;
	if (v->stuck_ms == 0)
		v->stuck_ms = loop_now_ms(v->hub->loop);
	if (v->queue.bytes > (size_t)v->hub->shared->o.slow_bytes)
		viewer_close(v, 4413, "slow", "too much is waiting");
	else if (!v->hold)
		ws_want_write(v->ws);
}
