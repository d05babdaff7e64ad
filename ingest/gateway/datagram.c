/* datagram - the data path, read on_received() first. */
#include "ingest/gateway/datagram.h"

#include "base/clock.h"
#include "socket/datagram.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct datagram_door {
	struct parcels *all;
	struct port *port;
	struct datagram_socket *socket; /* the loop's: closed with it */
	uint32_t missed; /* by the kernel, so far */
	SLIST_ENTRY(datagram_door) link;
};

struct parcel {
	struct flight flight; /* first: a flight's events get it */
	struct datagram_door *door;
	TAILQ_ENTRY(parcel) link;
	struct datagram_peer peer;
	int64_t began_ns; /* when it came */
	struct protocol_note note;
	size_t n; /* bytes of the datagram */
	uint8_t *kept; /* a copy of them, while it waits; else NULL */
};

static const struct protocol *protocol_of(const struct parcel *p)
{
	return p->flight.port->protocol;
}

static void count_drop(const struct port *port, enum datagram_drop why)
{
	series_add(port->stats.dropped[why], 1);
}

/* ---- a parcel's life ---- */

/* Whether the bounds allow one more of @from. */
static bool admit(struct datagram_door *door, const struct address_key *from)
{
	struct parcels *all = door->all;
	const struct lane_options *o = all->intake->o;
	int r = 0;

	if ((int64_t)all->n >= o->datagrams_max)
		r = -ENOBUFS;
	else if (all->addresses)
		r = address_counts_add(all->addresses, from, o->datagrams_per_address);
	if (r < 0)
		count_drop(door->port, r == -EUSERS ? DATAGRAM_DROP_ADDRESS : DATAGRAM_DROP_FULL);
	return r == 0;
}

static void leave(struct parcels *all, const struct address_key *from)
{
	if (all->addresses)
		address_counts_remove(all->addresses, from);
}

/* NULL: dropped. */
static struct parcel *new_parcel(
	struct datagram_door *door, const struct datagram *d, const struct flight_events *events)
{
	struct parcels *all = door->all;
	struct address_key from = address_key(&d->peer->sa);

	if (!admit(door, &from))
		return NULL;
	struct parcel *p = calloc(1, sizeof *p);
	if (!p) {
		leave(all, &from);
		count_drop(door->port, DATAGRAM_DROP_FULL);
		return NULL;
	}
	p->flight = (struct flight){ .events = events, .port = door->port, .from = datagram_peer_address(d->peer) };
	p->door = door;
	p->peer = *d->peer;
	p->began_ns = clock_mono_ns();
	p->n = d->n;
	TAILQ_INSERT_TAIL(&all->all, p, link);
	all->n++;
	return p;
}

static void free_parcel(struct parcel *p)
{
	struct parcels *all = p->door->all;
	struct address_key from = address_key(&p->peer.sa);

	TAILQ_REMOVE(&all->all, p, link);
	all->n--;
	leave(all, &from);
	free(p->kept);
	free(p);
}

/* ---- answer ---- */

static void answer(struct parcel *p)
{
	uint8_t out[PROTOCOL_ANSWER_MAX];
	struct protocol_session session = { 0 };
	struct port *port = p->flight.port;
	size_t n = protocol_of(p)->answer(&session, &p->note, 0, clock_real_ms(), out).len;

	if (n == 0)
		return;
	if (n <= p->n && datagram_send(p->door->socket, &p->peer, out, n))
		series_add(port->stats.bytes_out, (double)n);
	else
		count_drop(port, DATAGRAM_DROP_ANSWER);
}

/* It is durable, or refused as the flight says. */
static void finish(struct parcel *p)
{
	const struct stats *stats = &p->flight.port->stats;

	if (p->flight.refused) {
		series_add(stats->refused[p->flight.refused], 1);
	} else {
		answer(p);
		series_add(stats->frames, 1);
		series_observe(stats->ack_seconds, (double)(clock_mono_ns() - p->began_ns) / 1e9);
	}
	free_parcel(p);
}

/* ---- the data path ---- */

static int take(struct parcel *p, const uint8_t *bytes)
{
	const struct protocol_session session = { 0 };
	struct parcels *all = p->door->all;
	struct protocol_result frame = { 0 };
	int r = protocol_of(p)->decode(&session, bytes, p->n, &all->intake->scratch, &frame);

	if (r != 0)
		return r;
	p->note = frame.note;
	p->flight.stood_in_ms = all->stood_in_ms;
	r = intake_take(all->intake, &p->flight, &frame);
	all->stood_in_ms = p->flight.stood_in_ms;
	return r;
}

static void keep(struct parcel *p, const uint8_t *bytes)
{
	if (bytes == p->kept) /* it waits once more */
		return;
	p->kept = malloc(p->n);
	if (p->kept) {
		memcpy(p->kept, bytes, p->n);
		return;
	}
	intake_give_up(p->door->all->intake, &p->flight);
	count_drop(p->flight.port, DATAGRAM_DROP_FULL);
	free_parcel(p);
}

/* Carries it as far as it goes. */
static void carry(struct parcel *p, const uint8_t *bytes)
{
	int r = take(p, bytes);

	if (r == INTAKE_LATER) {
		keep(p, bytes);
		return;
	}
	p->flight.refused = (uint8_t)r;
	if (p->flight.pending == 0) {
		finish(p);
		return;
	}
	free(p->kept);
	p->kept = NULL;
}

static void go_on(struct flight *f)
{
	struct parcel *p = (struct parcel *)f;

	carry(p, p->kept);
}

static void landed(struct flight *f)
{
	finish((struct parcel *)f);
}

static const struct flight_events flight_events = { .again = go_on, .landed = landed };

static void on_received(void *owner, const struct datagram *d)
{
	struct datagram_door *door = owner;
	const struct stats *stats = &door->port->stats;

	series_add(stats->bytes_in, (double)d->n);
	if (d->cut) {
		series_add(stats->refused[REASON_TOO_LARGE], 1);
		return;
	}
	struct parcel *p = new_parcel(door, d, &flight_events);
	if (p)
		carry(p, d->bytes);
}

/* ---- all of a lane ---- */

int parcels_open(struct parcels *all, struct intake *intake)
{
	*all = (struct parcels){ .intake = intake };
	TAILQ_INIT(&all->all);
	SLIST_INIT(&all->doors);
	if (intake->o->datagrams_per_address > 0 && !(all->addresses = address_counts_new()))
		return -ENOMEM;
	return 0;
}

static void drop_all(struct parcels *all, bool aloft_too)
{
	for (struct parcel *p = TAILQ_FIRST(&all->all), *next; p; p = next) {
		next = TAILQ_NEXT(p, link);
		if (p->flight.state == FLIGHT_ALOFT && !aloft_too)
			continue;
		intake_give_up(all->intake, &p->flight);
		free_parcel(p);
	}
}

void parcels_close(struct parcels *all)
{
	drop_all(all, true);
	for (struct datagram_door *door; (door = SLIST_FIRST(&all->doors));) {
		SLIST_REMOVE_HEAD(&all->doors, link);
		free(door);
	}
	address_counts_free(all->addresses);
}

int parcels_receive(struct parcels *all, struct loop *l, struct port *port)
{
	const struct lane_options *o = all->intake->o;
	struct datagram_door *door = calloc(1, sizeof *door);
	if (!door)
		return -ENOMEM;
	const struct datagram_options options = {
		.receive_max = port->limits.frame_max,
		.receive_buffer = (size_t)o->datagram_buffer,
		.send_max = (size_t)o->write_max,
		.received = on_received,
		.owner = door,
	};

	*door = (struct datagram_door){ .all = all, .port = port };
	int r = datagram_bind(&door->socket, l, o->address, port->number, &options);
	if (r < 0) {
		free(door);
		return r;
	}
	SLIST_INSERT_HEAD(&all->doors, door, link);
	port->number = datagram_port(door->socket);
	return 0;
}

void parcels_count_missed(struct parcels *all)
{
	struct datagram_door *door;

	SLIST_FOREACH(door, &all->doors, link)
	{
		uint32_t missed = datagram_missed(door->socket);
		series_add(door->port->stats.dropped[DATAGRAM_DROP_KERNEL], missed - door->missed);
		door->missed = missed;
	}
}

void parcels_drain(struct parcels *all)
{
	struct datagram_door *door;

	SLIST_FOREACH(door, &all->doors, link)
	datagram_deafen(door->socket);
	drop_all(all, false);
}
