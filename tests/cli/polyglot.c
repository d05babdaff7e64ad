/* polyglot - one loop; frames are decoded, counted and answered as soon as they are whole. */
#include "tests/cli/polyglot.h"
#include "socket/datagram.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

enum { BUFFER_MAX = 256 * 1024, POSITIONS_MAX = 256, ARENA_SIZE = 1 << 20, TURN_MS = 10 };

struct polyglot {
	struct polyglot_options o;
	struct protocol_limits limits;
	struct loop *loop;
	struct listener *listener;
	struct datagram_socket *socket;
	struct loop_timer *turn;
	pthread_t thread;
	atomic_bool ending;
	int64_t frames; /* those that name a device */
	struct position positions[POSITIONS_MAX];
	struct protocol_group groups[1];
	uint8_t memory[ARENA_SIZE];
};

struct caller {
	struct polyglot *polyglot;
	struct protocol_session session;
};

struct verdict {
	struct protocol_answer answer;
	bool lost;
};

/* ---- a frame ---- */

static bool refuses(const struct polyglot *p)
{
	const struct polyglot_options *o = &p->o;
	int64_t since = p->frames - o->refused_from;

	return o->refused && since >= 0 && (o->refused_n == 0 || since < o->refused_n);
}

static void take(const struct polyglot *p, const struct protocol_result *r)
{
	for (size_t i = 0; i < r->groups_n; i++)
		for (size_t k = 0; k < r->groups[i].n; k++) {
			const struct position *at = &r->positions[r->groups[i].first + k];
			if (position_has(at, POSITION_LOCATION))
				p->o.taken(r->groups[i].identifier, at);
		}
}

static struct verdict judge(
	struct polyglot *p, struct protocol_session *session, const uint8_t *frame, size_t len, uint8_t *out)
{
	struct protocol_result r = { 0 };
	struct protocol_scratch scratch = {
		.groups = p->groups,
		.groups_max = 1,
		.positions = p->positions,
		.positions_max = POSITIONS_MAX,
		.arena = arena_over(p->memory, ARENA_SIZE),
	};
	int refused = p->o.protocol->decode(session, frame, len, &scratch, &r);

	if (refused == 0 && r.groups_n > 0) {
		refused = refuses(p) ? (int)p->o.refused : 0;
		p->frames++;
		if (p->o.lose && p->frames % p->o.lose == 0)
			return (struct verdict){ .lost = true };
	}
	if (refused == 0)
		take(p, &r);
	int64_t now_ms = 1767400000000;
	return (struct verdict){ p->o.protocol->answer(session, &r.note, (enum protocol_reason)refused, now_ms, out),
		false };
}

/* ---- TCP ---- */

static void *accepted(void *owner, struct stream *s, const char *remote)
{
	struct caller *c = calloc(1, sizeof *c);

	(void)s;
	(void)remote;
	if (c)
		c->polyglot = owner;
	return c;
}

/* One frame. How many bytes it has; 0: it is not whole, or the connection is at its end. */
static size_t hear(struct stream *s, struct caller *c, const uint8_t *bytes, size_t n)
{
	struct polyglot *p = c->polyglot;
	uint8_t out[PROTOCOL_ANSWER_MAX];
	ssize_t whole = p->o.protocol->frame(bytes, n, &p->limits);

	if (whole == PROTOCOL_MORE)
		return 0;
	struct verdict v = { .lost = true };
	if (whole > 0)
		v = judge(p, &c->session, bytes, (size_t)whole, out);
	if (v.answer.len > 0 && stream_write(s, out, v.answer.len))
		v.lost = true;
	if (v.lost || v.answer.close) {
		stream_close(s);
		return 0;
	}
	return (size_t)whole;
}

static size_t data(struct stream *s, void *user, const uint8_t *bytes, size_t n)
{
	size_t used = 0;

	for (size_t len; used < n && (len = hear(s, user, bytes + used, n - used)) > 0;)
		used += len;
	return used;
}

static void closed(struct stream *s, void *user, enum stream_end end)
{
	(void)s;
	(void)end;
	free(user);
}

static const struct stream_events events = { .data = data, .closed = closed };

static int listen_to_streams(struct polyglot *p)
{
	const struct listener_options o = {
		.address = "127.0.0.1",
		.backlog = 128,
		.connections_max = 100,
		.read_max = BUFFER_MAX,
		.write_max = BUFFER_MAX,
		.accepted = accepted,
		.owner = p,
		.events = &events,
	};

	return listener_open(&p->listener, p->loop, &o);
}

/* ---- UDP ---- */

static void received(void *owner, const struct datagram *d)
{
	struct polyglot *p = owner;
	struct protocol_session session = { 0 };
	uint8_t out[PROTOCOL_ANSWER_MAX];
	struct verdict v = judge(p, &session, d->bytes, d->n, out);

	if (!v.lost && v.answer.len > 0)
		(void)datagram_send(p->socket, d->peer, out, v.answer.len);
}

static int listen_to_datagrams(struct polyglot *p)
{
	const struct datagram_options o = {
		.receive_max = 8192,
		.send_max = BUFFER_MAX,
		.received = received,
		.owner = p,
	};

	return datagram_bind(&p->socket, p->loop, "127.0.0.1", 0, &o);
}

/* ---- life ---- */

/* Ends when it is told to, and every connection has been heard to its end. */
static void turn(void *arg)
{
	struct polyglot *p = arg;

	if (atomic_load(&p->ending) && (!p->listener || listener_connections(p->listener) == 0))
		loop_stop(p->loop);
}

static void *run(void *arg)
{
	struct polyglot *p = arg;

	(void)!loop_run(p->loop);
	return NULL;
}

static int begin(struct polyglot *p)
{
	int r = loop_open(&p->loop);

	if (r == 0)
		r = p->o.protocol->transport == PROTOCOL_UDP ? listen_to_datagrams(p) : listen_to_streams(p);
	if (r == 0)
		r = loop_every(p->loop, TURN_MS, turn, p, &p->turn);
	return r ? r : -pthread_create(&p->thread, NULL, run, p);
}

int polyglot_open(struct polyglot **ret, const struct polyglot_options *o)
{
	static const struct protocol_sizes sizes = { .frame_max = 8192, .header_max = 8192, .body_max = 65536 };
	struct polyglot *p = calloc(1, sizeof *p);

	if (!p)
		return -ENOMEM;
	p->o = *o;
	p->limits = protocol_limits_of(o->protocol, &sizes);
	int r = begin(p);
	if (r)
		free(p);
	else
		*ret = p;
	return r;
}

uint16_t polyglot_port(const struct polyglot *p)
{
	return p->socket ? datagram_port(p->socket) : listener_port(p->listener);
}

void polyglot_close(struct polyglot *p)
{
	atomic_store(&p->ending, true);
	pthread_join(p->thread, NULL);
	listener_close(p->listener);
	datagram_close(p->socket);
	loop_close(p->loop);
	free(p);
}
