/* connection - the data path, read serve() first. */
#include "ingest/gateway/connection.h"

#include "base/clock.h"

#include <stdlib.h>

enum { FRAMES_A_TURN = 8 };

struct connection {
	struct flight flight; /* first: a flight's events get it */
	struct connections *all;
	struct stream *stream; /* NULL: gone, and only reports are to come */
	TAILQ_ENTRY(connection) link;
	int64_t began_ns; /* when its frame was whole */
	struct protocol_session session;
	struct protocol_note note; /* of the frame under way */
	bool closing; /* no frame any more */
	bool hinted; /* the interim answer to this frame was sent */
	bool welcome; /* a frame was accepted */
};

static const struct protocol *protocol_of(const struct connection *c)
{
	return c->flight.port->protocol;
}

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
		series_add(c->flight.port->stats.bytes_out, (double)n);
}

/* Whether the frame's tracker wants to know of its owner's other pets, and may. */
static bool wants_company(const struct connection *c)
{
	static const struct uuid nobody;

	return c->all->intake->o->friends && protocol_of(c)->answer_company && !uuid_same(&c->flight.owner, &nobody);
}

/* Who is to be told of in the answer to an accepted frame; NULL: nobody, or it is not known. */
static struct friend_set *find_company(const struct connection *c)
{
	return wants_company(c) ? friends_find(c->all->intake->o->friends, &c->flight.owner, clock_mono_ms()) : NULL;
}

/* Each returns whether the connection is to be closed. */
static bool send_company(struct connection *c, const struct protocol_note *note, const struct friend_set *set)
{
	const struct protocol_company company = { set->members, set->n, c->flight.device };
	const size_t room = (size_t)c->all->intake->o->write_max;
	uint8_t out[PROTOCOL_COMPANY_MAX];
	struct protocol_answer a = protocol_of(c)->answer_company(
		&c->session, note, &company, clock_real_ms(), out, room < sizeof out ? room : sizeof out);

	send_bytes(c, out, a.len);
	return a.close;
}

static bool send_answer(struct connection *c, const struct protocol_note *note, enum protocol_reason refused)
{
	uint8_t out[PROTOCOL_ANSWER_MAX];
	struct protocol_answer a =
		protocol_of(c)->answer(&c->session, note, intake_told(refused), clock_real_ms(), out);

	send_bytes(c, out, a.len);
	return a.close;
}

/* A device that is not known has no business here, unless others share the connection with it. */
static bool may_stay(const struct connection *c, enum protocol_reason refused)
{
	return c->welcome && protocol_of(c)->shared && intake_told(refused) == REASON_UNKNOWN_DEVICE;
}

/* The frame under way is over: it is durable, or refused as the flight says. */
static void answer(struct connection *c, const struct protocol_note *note)
{
	struct stats *stats = &c->flight.port->stats;
	enum protocol_reason refused = (enum protocol_reason)c->flight.refused;
	struct friend_set *company = refused ? NULL : find_company(c);

	if (refused) {
		series_add(stats->refused[refused], 1);
	} else {
		series_add(stats->frames, 1);
		series_observe(stats->ack_seconds, (double)(clock_mono_ns() - c->began_ns) / 1e9);
		c->welcome = true;
	}
	c->flight.refused = 0;
	c->began_ns = 0;
	c->hinted = false;
	bool close = company ? send_company(c, note, company) : send_answer(c, note, refused);
	friend_set_unref(company);
	if ((close && !may_stay(c, refused)) || c->all->draining)
		close_connection(c);
}

/* ---- the data path ---- */

static void hint(struct connection *c, const uint8_t *bytes, size_t n)
{
	const struct protocol *p = protocol_of(c);
	uint8_t out[PROTOCOL_ANSWER_MAX];

	if (!p->interim || c->hinted)
		return;
	size_t len = p->interim(bytes, n, &c->flight.port->limits, out);
	c->hinted = len > 0;
	send_bytes(c, out, len);
}

/* Carries one frame as far as it goes. 0 or enum protocol_reason: it can be answered; INTAKE_LATER. */
static int carry(struct connection *c, const uint8_t *bytes, size_t len, struct protocol_result *frame)
{
	struct intake *in = c->all->intake;
	int r = protocol_of(c)->decode(&c->session, bytes, len, &in->scratch, frame);

	return r == 0 ? intake_take(in, &c->flight, frame) : r;
}

/* The first frame of @bytes. Returns how many bytes are done with: 0 when it is not whole, or must wait. */
static size_t serve(struct connection *c, const uint8_t *bytes, size_t n)
{
	struct protocol_result frame = { 0 };
	ssize_t len = protocol_of(c)->frame(bytes, n, &c->flight.port->limits);

	if (len == PROTOCOL_MORE) {
		hint(c, bytes, n);
		return 0;
	}
	if (len < 0) { /* from here on nobody knows where a frame begins */
		c->flight.refused = (uint8_t)-len;
		answer(c, &frame.note);
		if (!c->closing)
			close_connection(c);
		return n;
	}
	if (c->began_ns == 0)
		c->began_ns = clock_mono_ns();
	int r = carry(c, bytes, (size_t)len, &frame);
	if (r == INTAKE_LATER) {
		stream_pause(c->stream);
		return 0;
	}
	series_add(c->flight.port->stats.bytes_in, (double)len);
	c->flight.refused = (uint8_t)r;
	if (c->flight.pending > 0) {
		c->note = frame.note;
		stream_pause(c->stream);
		if (wants_company(c)) /* query may be quicker than Kafka */
			friends_want(c->all->intake->o->friends, &c->flight.owner, clock_mono_ms());
	} else {
		answer(c, &frame.note);
	}
	return (size_t)len;
}

/* Frames that need not wait for Kafka, such as refused ones, come as fast as they are sent: others get their turn first. */
static void give_way(struct stream *s)
{
	stream_pause(s);
	stream_resume(s); /* the rest comes in the loop's next turn */
}

static size_t on_data(struct stream *s, void *user, const uint8_t *bytes, size_t n)
{
	struct connection *c = user;
	size_t used = 0;

	for (int frames = 0; used < n && !stream_paused(s) && !c->closing; frames++) {
		if (frames == FRAMES_A_TURN) {
			give_way(s);
			break;
		}
		size_t took = serve(c, bytes + used, n - used);
		if (took == 0)
			break;
		used += took;
	}
	return c->closing ? n : used;
}

/* ---- the flight ---- */

static void go_on(struct flight *f)
{
	struct connection *c = (struct connection *)f;

	stream_resume(c->stream);
}

static void landed(struct flight *f)
{
	struct connection *c = (struct connection *)f;

	if (!c->stream) {
		free(c);
		return;
	}
	answer(c, &c->note);
	if (!c->closing)
		stream_resume(c->stream);
}

static const struct flight_events flight_events = { .again = go_on, .landed = landed };

/* ---- life ---- */

struct connection *connection_new(struct connections *all, struct port *port, struct stream *s, const char *remote)
{
	struct address from;
	struct connection *c = address_parse(&from, remote) == 0 ? calloc(1, sizeof *c) : NULL;
	if (!c)
		return NULL;
	c->flight = (struct flight){ .events = &flight_events, .port = port, .from = from };
	c->all = all;
	c->stream = s;
	TAILQ_INSERT_TAIL(&all->all, c, link);
	series_add(port->stats.accepted, 1);
	series_add(port->stats.connections, 1);
	return c;
}

static void on_closed(struct stream *s, void *user, enum stream_end end)
{
	struct connection *c = user;
	struct port *port = c->flight.port;

	(void)s;
	intake_give_up(c->all->intake, &c->flight);
	TAILQ_REMOVE(&c->all->all, c, link);
	series_add(port->stats.connections, -1);
	series_add(port->stats.ended[end], 1);
	atomic_fetch_sub(&c->all->intake->o->connections, 1);
	c->stream = NULL;
	if (c->flight.pending == 0)
		free(c);
}

const struct stream_events connection_events = { .data = on_data, .closed = on_closed };

/* ---- all of a lane ---- */

void connections_open(struct connections *all, struct intake *intake)
{
	*all = (struct connections){ .intake = intake };
	TAILQ_INIT(&all->all);
}

void connections_drain(struct connections *all)
{
	struct connection *c;

	all->draining = true;
	TAILQ_FOREACH(c, &all->all, link)
	{
		if (c->flight.state == FLIGHT_ALOFT || c->closing)
			continue;
		intake_give_up(all->intake, &c->flight);
		close_connection(c);
	}
}
