/* connection - the data path, read serve() first. */
#include "ingest/gateway/connection.h"

#include "base/clock.h"
#include "base/text.h"
#include "base/time.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
	POSITIONS_MAX = 1024, /* in one frame */
	GROUPS_MAX = 64,
	ARENA_SIZE = 1 << 20,
	/* Reports come from Kafka a few at a time, partition by partition. Taken together a little later they are answered in
	 * one turn of the loop, and so are the trackers' next frames: measured, a third less CPU time a frame. */
	REPORTS_MS = 2,
	UNSTALL_MAX = 256,
};

enum state {
	READING,
	LOOKING, /* in connections.looking */
	STALLED, /* in connections.stalled */
	FLYING, /* all of its frame is put, reports are to come */
};

struct connection {
	struct connections *all;
	struct port *port;
	struct stream *stream; /* NULL: gone, and only reports are to come */
	TAILQ_ENTRY(connection) link;
	TAILQ_ENTRY(connection) wait;
	uint64_t ticket;
	int64_t began_ns; /* when its frame was whole */
	struct protocol_session session;
	struct protocol_note note; /* of the frame under way */
	int64_t stood_in_ms; /* the last time given to a position that had none to be trusted */
	uint32_t pending; /* reports to come */
	uint8_t state;
	uint8_t refused; /* enum protocol_reason why the frame under way is; 0: not so far */
	bool closing; /* no frame any more */
	bool hinted; /* the interim answer to this frame was sent */
};

/* A step of a frame that is not over: ask again later. Beside enum protocol_reason. */
enum { LATER = -1 };

/* ---- answer ---- */

static void close_connection(struct connection *c)
{
	c->closing = true;
	stream_close(c->stream);
}

static void send_bytes(struct connection *c, const uint8_t *bytes, size_t n)
{
	if (n == 0)
		return;
	if (stream_write(c->stream, bytes, n) < 0)
		c->closing = true;
	else
		series_add(c->port->stats.bytes_out, (double)n);
}

/* The frame under way is over: it is durable, or refused for c->refused. */
static void answer(struct connection *c, const struct protocol_note *note)
{
	uint8_t out[PROTOCOL_ANSWER_MAX];
	struct stats *stats = &c->port->stats;
	enum protocol_reason refused = (enum protocol_reason)c->refused;
	struct protocol_answer a = c->port->protocol->answer(&c->session, note, refused, clock_real_ms(), out);

	if (refused) {
		series_add(stats->refused[refused], 1);
	} else {
		series_add(stats->frames, 1);
		series_observe(stats->ack_seconds, (double)(clock_mono_ns() - c->began_ns) / 1e9);
	}
	c->refused = 0;
	c->began_ns = 0;
	c->hinted = false;
	send_bytes(c, out, a.len);
	if (a.close || c->all->draining)
		close_connection(c);
}

/* ---- decode: whose is it ---- */

static int check_secret(const struct protocol_group *g, const struct device *d)
{
	uint8_t hash[SECRET_HASH_SIZE];

	if (!g->secret)
		return REASON_WRONG_SECRET;
	secret_sha256(hash, g->secret, strlen(g->secret));
	return text_same_secret(hash, d->secret, sizeof hash) ? 0 : REASON_WRONG_SECRET;
}

static void look_up(struct connection *c, uint64_t ticket)
{
	c->ticket = ticket;
	c->state = LOOKING;
	TAILQ_INSERT_TAIL(&c->all->looking, c, wait);
	stream_pause(c->stream);
}

/* Finds the device of @g and gives it to its positions. 0, enum protocol_reason or LATER. */
static int identify_group(struct connection *c, const struct protocol_group *g, struct position *positions)
{
	struct device device;
	uint64_t ticket;
	int r = devices_find(c->all->o->devices, g->identifier, clock_mono_ms(), &device, &ticket);

	if (r == DEVICES_E_WAIT) {
		look_up(c, ticket);
		return LATER;
	}
	if (r != 0)
		return r == DEVICES_E_UNKNOWN ? REASON_UNKNOWN_DEVICE : REASON_UNAVAILABLE;
	if (c->port->protocol->secret && (r = check_secret(g, &device)) != 0)
		return r;
	for (size_t i = 0; i < g->n; i++)
		positions[g->first + i].device = device.id;
	return 0;
}

static int identify(struct connection *c, struct protocol_result *frame)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < frame->groups_n; i++)
		r = identify_group(c, &frame->groups[i], frame->positions);
	return r;
}

/* ---- decode: when was it ---- */

/* The device's clock is ahead: the position is kept under the gateway's time, and what the device said as an attribute,
 * so that it neither hides all later ones from `latest` nor is lost. */
static void replace_time(struct connection *c, struct position *p, int64_t stand_in_ms)
{
	struct arena *arena = &c->all->scratch.arena;
	struct attribute *more = arena_take(arena, (p->attributes_n + 1) * sizeof *more);
	char *said = arena_take(arena, TIME_TEXT_SIZE);

	if (more && said && p->attributes_n < POSITION_ATTRIBUTES_MAX) {
		time_format(said, p->time_ms);
		if (p->attributes_n > 0)
			memcpy(more, p->attributes, p->attributes_n * sizeof *more);
		more[p->attributes_n] = (struct attribute){ "deviceTime", ATTRIBUTE_TEXT, { .text = said } };
		p->attributes = more;
		p->attributes_n++;
	}
	p->time_ms = stand_in_ms;
	series_add(c->port->stats.time_future, 1);
}

/* 0 or REASON_BAD_VALUE. Where the gateway's time must stand in, no two positions of a connection get the same: device
 * and time are what a position is known by, and none may pass for another. */
static int stamp(struct connection *c, struct protocol_result *frame)
{
	int64_t now_ms = clock_real_ms(), stand_in_ms = now_ms - (int64_t)frame->positions_n + 1;

	if (stand_in_ms <= c->stood_in_ms)
		stand_in_ms = c->stood_in_ms + 1;
	for (size_t i = 0; i < frame->positions_n; i++) {
		struct position *p = &frame->positions[i];
		p->received_ms = now_ms;
		p->protocol = c->port->protocol->name;
		if (p->time_ms <= 0) {
			p->time_ms = c->stood_in_ms = stand_in_ms++;
			series_add(c->port->stats.time_none, 1);
		} else if (p->time_ms > now_ms + c->all->o->future_max_ms) {
			replace_time(c, p, c->stood_in_ms = stand_in_ms++);
		}
		if (position_fault(p))
			return REASON_BAD_VALUE;
	}
	return 0;
}

/* ---- put ---- */

static void stall(struct connection *c)
{
	c->state = STALLED;
	TAILQ_INSERT_TAIL(&c->all->stalled, c, wait);
	stream_pause(c->stream);
}

/* Gives the frame's positions to the producer, all or none. 0, enum protocol_reason or LATER. */
static int put(struct connection *c, const struct protocol_result *frame)
{
	struct connections *all = c->all;
	bool was_empty = outgoing_empty(&all->outgoing);
	size_t before = all->outgoing.used;
	int r = 0;

	if (!atomic_load_explicit(&all->o->topics_there, memory_order_relaxed))
		return REASON_UNAVAILABLE;
	for (size_t i = 0; r == 0 && i < frame->positions_n; i++)
		r = outgoing_add(&all->outgoing, &frame->positions[i], c);
	if (r == 0) {
		c->pending = (uint32_t)frame->positions_n;
		if (c->pending > 0)
			all->under_way++;
		if (was_empty && !outgoing_empty(&all->outgoing))
			loop_timer_set(all->flush, 0); /* when this turn has read all it can */
		return 0;
	}
	outgoing_take_back(&all->outgoing, before);
	if (r == OUTGOING_E_TOO_LARGE || was_empty)
		return REASON_TOO_LARGE;
	stall(c);
	return LATER;
}

static void fly(struct connection *c, const struct protocol_note *note)
{
	c->state = FLYING;
	c->note = *note;
	stream_pause(c->stream);
}

/* ---- the data path ---- */

static void hint(struct connection *c, const uint8_t *bytes, size_t n)
{
	const struct protocol *p = c->port->protocol;
	uint8_t out[PROTOCOL_ANSWER_MAX];

	if (!p->interim || c->hinted)
		return;
	size_t len = p->interim(bytes, n, &c->port->limits, out);
	c->hinted = len > 0;
	send_bytes(c, out, len);
}

/* Carries one frame as far as it goes. 0 or enum protocol_reason: it can be answered; LATER. */
static int carry(struct connection *c, const uint8_t *bytes, size_t len, struct protocol_result *frame)
{
	int r = c->port->protocol->decode(&c->session, bytes, len, &c->all->scratch, frame);

	if (r == 0)
		r = identify(c, frame);
	if (r == 0)
		r = stamp(c, frame);
	return r == 0 ? put(c, frame) : r;
}

/* The first frame of @bytes. Returns how many bytes are done with: 0 when it is not whole, or must wait. */
static size_t serve(struct connection *c, const uint8_t *bytes, size_t n)
{
	struct protocol_result frame = { 0 };
	ssize_t len = c->port->protocol->frame(bytes, n, &c->port->limits);

	if (len == PROTOCOL_MORE) {
		hint(c, bytes, n);
		return 0;
	}
	if (len < 0) { /* from here on nobody knows where a frame begins */
		c->refused = (uint8_t)-len;
		answer(c, &frame.note);
		if (!c->closing)
			close_connection(c);
		return n;
	}
	if (c->began_ns == 0)
		c->began_ns = clock_mono_ns();
	int r = carry(c, bytes, (size_t)len, &frame);
	if (r == LATER)
		return 0;
	series_add(c->port->stats.bytes_in, (double)len);
	c->refused = (uint8_t)r;
	if (c->pending > 0)
		fly(c, &frame.note);
	else
		answer(c, &frame.note);
	return (size_t)len;
}

static size_t on_data(struct stream *s, void *user, const uint8_t *bytes, size_t n)
{
	struct connection *c = user;
	size_t used = 0;

	while (used < n && !stream_paused(s) && !c->closing) {
		size_t took = serve(c, bytes + used, n - used);
		if (took == 0)
			break;
		used += took;
	}
	return c->closing ? n : used;
}

/* ---- reports ---- */

static void finish(struct connection *c)
{
	c->state = READING;
	answer(c, &c->note);
	if (!c->closing)
		stream_resume(c->stream);
}

/* What a failed record means for its frame. */
static enum protocol_reason failed(struct connections *all, int r)
{
	if (r == -ENOTRECOVERABLE)
		all->fatal = true;
	return r == BUS_E_TOO_LARGE ? REASON_TOO_LARGE : REASON_UNAVAILABLE;
}

void connection_delivered(void *connections, void *connection, int r)
{
	struct connections *all = connections;
	struct connection *c = connection;

	if (r != 0)
		c->refused = (uint8_t)failed(all, r);
	else
		series_add(c->port->stats.positions, 1);
	if (--c->pending > 0)
		return;
	all->under_way--;
	if (c->stream)
		finish(c);
	else
		free(c);
}

/* ---- life ---- */

struct connection *connection_new(struct connections *all, struct port *port, struct stream *s)
{
	struct connection *c = calloc(1, sizeof *c);
	if (!c)
		return NULL;
	c->all = all;
	c->port = port;
	c->stream = s;
	TAILQ_INSERT_TAIL(&all->all, c, link);
	series_add(port->stats.accepted, 1);
	series_add(port->stats.connections, 1);
	return c;
}

static void stop_waiting(struct connection *c)
{
	if (c->state == LOOKING)
		TAILQ_REMOVE(&c->all->looking, c, wait);
	else if (c->state == STALLED)
		TAILQ_REMOVE(&c->all->stalled, c, wait);
	c->state = READING;
}

static void on_closed(struct stream *s, void *user, enum stream_end end)
{
	struct connection *c = user;

	(void)s;
	stop_waiting(c);
	TAILQ_REMOVE(&c->all->all, c, link);
	series_add(c->port->stats.connections, -1);
	series_add(c->port->stats.ended[end], 1);
	atomic_fetch_sub(&c->all->o->connections, 1);
	c->stream = NULL;
	if (c->pending == 0)
		free(c);
}

const struct stream_events connection_events = { .data = on_data, .closed = on_closed };

/* ---- all of a lane ---- */

int connections_open(struct connections *all, struct lane_options *o)
{
	*all = (struct connections){ .o = o };
	TAILQ_INIT(&all->all);
	TAILQ_INIT(&all->looking);
	TAILQ_INIT(&all->stalled);
	void *arena = malloc(ARENA_SIZE);
	int r = outgoing_open(&all->outgoing);
	all->scratch = (struct protocol_scratch){
		.groups = calloc(GROUPS_MAX, sizeof *all->scratch.groups),
		.groups_max = GROUPS_MAX,
		.positions = calloc(POSITIONS_MAX, sizeof *all->scratch.positions),
		.positions_max = POSITIONS_MAX,
		.arena = arena_over(arena, ARENA_SIZE),
	};
	if (r == 0 && arena && all->scratch.groups && all->scratch.positions)
		return 0;
	connections_close(all);
	return -ENOMEM;
}

void connections_close(struct connections *all)
{
	outgoing_close(&all->outgoing);
	free(all->scratch.groups);
	free(all->scratch.positions);
	free(all->scratch.arena.buf);
}

static void go_on(struct connection *c)
{
	stop_waiting(c);
	stream_resume(c->stream);
}

void connections_looked_up(struct connections *all, uint64_t ticket)
{
	for (struct connection *c; (c = TAILQ_FIRST(&all->looking)) && c->ticket <= ticket;)
		go_on(c);
}

/* A few at a time: all would not find room. */
static void unstall(struct connections *all)
{
	if (!outgoing_empty(&all->outgoing) || TAILQ_EMPTY(&all->stalled))
		return;
	for (size_t n = 0; n < UNSTALL_MAX && !TAILQ_EMPTY(&all->stalled); n++)
		go_on(TAILQ_FIRST(&all->stalled));
	loop_timer_set(all->flush, 0); /* the next ones, should these not fill it */
}

void connections_flush(struct connections *all)
{
	outgoing_flush(&all->outgoing, all->producer, all->o->positions_topic, connection_delivered, all);
	unstall(all);
	if (all->under_way > 0 && !all->reports_set) {
		loop_timer_set(all->reports, REPORTS_MS);
		all->reports_set = true;
	}
}

void connections_take_reports(struct connections *all)
{
	all->reports_set = false;
	bus_producer_poll(all->producer, 0);
	connections_flush(all);
}

size_t connections_give_up(struct connections *all)
{
	return outgoing_fail(&all->outgoing, BUS_E_RETRY, connection_delivered, all);
}

void connections_drain(struct connections *all)
{
	struct connection *c;

	all->draining = true;
	TAILQ_FOREACH(c, &all->all, link)
	{
		if (c->state == FLYING || c->closing)
			continue;
		stop_waiting(c);
		close_connection(c);
	}
}
