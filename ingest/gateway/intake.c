/* intake - read intake_take() first: identify → stamp → sift → put. */
#include "ingest/gateway/intake.h"

#include "base/clock.h"
#include "base/text.h"
#include "base/time.h"
#include "ingest/gateway/device_clock.h"
#include "ingest/protocols/scratch.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
	/* Reports come from Kafka a few at a time, partition by partition. Taken together a little later they are answered in
	 * one turn of the loop, and so are the trackers' next frames: measured, a third less CPU time a frame. */
	REPORTS_MS = 2,
	UNSTALL_MAX = 256,
};

/* ---- waiting ---- */

static void look_up(struct intake *in, struct flight *f, uint64_t ticket)
{
	f->ticket = ticket;
	f->state = FLIGHT_LOOKING;
	TAILQ_INSERT_TAIL(&in->looking, f, wait);
}

static void stall(struct intake *in, struct flight *f)
{
	f->state = FLIGHT_STALLED;
	TAILQ_INSERT_TAIL(&in->stalled, f, wait);
}

void intake_give_up(struct intake *in, struct flight *f)
{
	if (f->state == FLIGHT_LOOKING)
		TAILQ_REMOVE(&in->looking, f, wait);
	else if (f->state == FLIGHT_STALLED)
		TAILQ_REMOVE(&in->stalled, f, wait);
	else
		return;
	f->state = FLIGHT_NONE;
}

static void go_on(struct intake *in, struct flight *f)
{
	intake_give_up(in, f);
	f->events->again(f);
}

/* ---- whose is it ---- */

static int check_secret(const struct protocol_group *g, const struct device *d)
{
	uint8_t hash[SECRET_HASH_SIZE];

	if (!g->secret)
		return REASON_WRONG_SECRET;
	secret_sha256(hash, g->secret, strlen(g->secret));
	return text_same_secret(hash, d->secret, sizeof hash) ? 0 : REASON_WRONG_SECRET;
}

static int refuse_unknown(struct intake *in, const struct flight *f, const struct protocol_group *g)
{
	if (in->o->strangers)
		strangers_note(in->o->strangers, g->identifier, f->port->protocol->name, &f->from);
	return REASON_UNKNOWN_DEVICE;
}

/* The device of @g, which may come this way. 0, enum protocol_reason or INTAKE_LATER. */
static int find_device(struct intake *in, struct flight *f, const struct protocol_group *g, struct device *ret)
{
	uint64_t ticket;
	int r = devices_find(in->o->devices, g->identifier, clock_mono_ms(), ret, &ticket);

	if (r == DEVICES_E_WAIT) {
		look_up(in, f, ticket);
		return INTAKE_LATER;
	}
	if (r != 0)
		return r == DEVICES_E_UNKNOWN ? refuse_unknown(in, f, g) : REASON_UNAVAILABLE;
	if (!rules_allow(&ret->rules, f->port->protocol, &f->from))
		return REASON_NOT_ALLOWED;
	return f->port->protocol->secret ? check_secret(g, ret) : 0;
}

/* Each position gets its device, and its time the device's offset. 0, enum protocol_reason or INTAKE_LATER. */
static int identify(struct intake *in, struct flight *f, struct protocol_result *frame)
{
	struct device device;

	f->device = f->owner = (struct uuid){ 0 };
	for (size_t i = 0; i < frame->groups_n; i++) {
		const struct protocol_group *g = &frame->groups[i];
		int r = find_device(in, f, g, &device);
		if (r != 0)
			return r;
		if (i == 0) {
			f->device = device.id;
			f->owner = device.owner;
		}
		in->groups[i] = (struct group_filters){ rules_filters(&device.rules, &in->o->filters), device.last };
		for (struct position *p = frame->positions + g->first, *end = p + g->n; p < end; p++) {
			p->device = device.id;
			p->time_ms = device_clock_utc(p->time_ms, device.rules.clock_offset_s);
		}
	}
	return 0;
}

/* ---- when was it ---- */

/* The device's clock is ahead: the position is kept under the gateway's time, and what the device said as an attribute,
 * so that it neither hides all later ones from `latest` nor is lost. */
static void replace_time(struct intake *in, struct position *p, int64_t stand_in_ms)
{
	struct arena *arena = &in->scratch.arena;
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
}

/* 0 or REASON_BAD_VALUE. Where the gateway's time must stand in, no two positions of a flight get the same: device and
 * time are what a position is known by, and none may pass for another. */
static int stamp(struct intake *in, struct flight *f, struct protocol_result *frame)
{
	const struct device_clock_bounds bounds = { in->o->future_max_ms, in->o->rollover_ms };
	int64_t now_ms = clock_real_ms(), stand_in_ms = now_ms - (int64_t)frame->positions_n + 1;

	if (stand_in_ms <= f->stood_in_ms)
		stand_in_ms = f->stood_in_ms + 1;
	memset(in->clocks, 0, sizeof in->clocks);
	for (size_t i = 0; i < frame->positions_n; i++) {
		struct position *p = &frame->positions[i];
		p->received_ms = now_ms;
		p->protocol = f->port->protocol->name;
		int fault = device_clock_check(&p->time_ms, now_ms, &bounds);
		in->clocks[fault]++;
		if (fault == DEVICE_CLOCK_NONE)
			p->time_ms = f->stood_in_ms = stand_in_ms++;
		else if (fault == DEVICE_CLOCK_AHEAD)
			replace_time(in, p, f->stood_in_ms = stand_in_ms++);
		if (position_fault(p))
			return REASON_BAD_VALUE;
	}
	return 0;
}

static void count_clocks(const struct intake *in, const struct flight *f)
{
	for (int fault = 1; fault < DEVICE_CLOCK_FAULTS; fault++)
		if (in->clocks[fault] > 0)
			series_add(f->port->stats.times[fault], in->clocks[fault]);
}

/* ---- is it wanted ---- */

static void judge_group(
	struct intake *in, const struct protocol_group *g, struct group_filters *of, const struct position *p)
{
	for (size_t i = g->first; i < g->first + g->n; i++) {
		in->filtered[i] = (uint8_t)filters_judge(&of->filters, &of->last, &p[i]);
		if (!in->filtered[i])
			fix_follow(&of->last, &p[i]);
	}
}

/* Takes those fixes out of the frame that are not wanted, or makes contacts of them. Returns whether any filter is on. */
static bool sift(struct intake *in, struct protocol_result *frame)
{
	size_t kept = 0;
	bool on = false;

	for (size_t i = 0; i < frame->groups_n; i++)
		on = on || filters_on(&in->groups[i].filters);
	if (!on)
		return false;
	memset(in->filtered, 0, frame->positions_n);
	for (size_t i = 0; i < frame->groups_n; i++)
		judge_group(in, &frame->groups[i], &in->groups[i], frame->positions);
	for (size_t i = 0; i < frame->positions_n; i++)
		if (!in->filtered[i] || filter_leave_contact(&frame->positions[i]))
			frame->positions[kept++] = frame->positions[i];
	frame->positions_n = kept;
	return true;
}

/* The frame is on its way: counts what was filtered of its @n positions, and remembers where its devices were last. */
static void sifted(struct intake *in, struct flight *f, const struct protocol_result *frame, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (in->filtered[i])
			series_add(f->port->stats.filtered[in->filtered[i]], 1);
	for (size_t i = 0; i < frame->groups_n; i++)
		if (filters_compare(&in->groups[i].filters))
			devices_follow(in->o->devices, frame->groups[i].identifier, &in->groups[i].last);
}

/* ---- to the producer ---- */

static void take_off(struct intake *in, struct flight *f, size_t records)
{
	f->pending = (uint32_t)records;
	if (records == 0)
		return;
	f->state = FLIGHT_ALOFT;
	in->aloft++;
}

/* All of the frame's positions, or none. 0, enum protocol_reason or INTAKE_LATER. */
static int put(struct intake *in, struct flight *f, const struct protocol_result *frame)
{
	bool was_empty = outgoing_empty(&in->outgoing);
	size_t before = in->outgoing.used;
	int r = 0;

	if (!atomic_load_explicit(&in->o->topics_there, memory_order_relaxed))
		return REASON_UNAVAILABLE;
	for (size_t i = 0; r == 0 && i < frame->positions_n; i++)
		r = outgoing_add(&in->outgoing, &frame->positions[i], f);
	if (r == 0) {
		take_off(in, f, frame->positions_n);
		if (was_empty && !outgoing_empty(&in->outgoing))
			loop_timer_set(in->flush, 0); /* when this turn has read all it can */
		return 0;
	}
	outgoing_take_back(&in->outgoing, before);
	if (r == OUTGOING_E_TOO_LARGE || was_empty)
		return REASON_TOO_LARGE;
	stall(in, f);
	return INTAKE_LATER;
}

int intake_take(struct intake *in, struct flight *f, struct protocol_result *frame)
{
	size_t n = frame->positions_n;
	bool filters = false;

	intake_give_up(in, f);
	int r = identify(in, f, frame);

	if (r == 0)
		r = stamp(in, f, frame);
	if (r == 0) {
		filters = sift(in, frame);
		r = put(in, f, frame);
	}
	if (r != 0)
		return r; /* what comes again is counted then */
	count_clocks(in, f);
	if (filters)
		sifted(in, f, frame, n);
	return 0;
}

enum protocol_reason intake_told(enum protocol_reason refused)
{
	return refused == REASON_NOT_ALLOWED ? REASON_UNKNOWN_DEVICE : refused;
}

/* ---- reports ---- */

/* What a failed record means for its frame. */
static enum protocol_reason failed(struct intake *in, int r)
{
	if (r == -ENOTRECOVERABLE)
		in->fatal = true;
	return r == BUS_E_TOO_LARGE ? REASON_TOO_LARGE : REASON_UNAVAILABLE;
}

void intake_delivered(void *intake, void *flight, int r)
{
	struct intake *in = intake;
	struct flight *f = flight;

	if (r != 0)
		f->refused = (uint8_t)failed(in, r);
	else
		series_add(f->port->stats.positions, 1);
	if (--f->pending > 0)
		return;
	in->aloft--;
	f->state = FLIGHT_NONE;
	f->events->landed(f);
}

/* A few at a time: all would not find room. */
static void unstall(struct intake *in)
{
	if (!outgoing_empty(&in->outgoing) || TAILQ_EMPTY(&in->stalled))
		return;
	for (size_t n = 0; n < UNSTALL_MAX && !TAILQ_EMPTY(&in->stalled); n++)
		go_on(in, TAILQ_FIRST(&in->stalled));
	loop_timer_set(in->flush, 0); /* the next ones, should these not fill it */
}

void intake_flush(struct intake *in)
{
	outgoing_flush(&in->outgoing, in->producer, in->o->positions_topic, intake_delivered, in);
	unstall(in);
	if (in->aloft > 0 && !in->reports_set) {
		loop_timer_set(in->reports, REPORTS_MS);
		in->reports_set = true;
	}
}

void intake_reports(struct intake *in)
{
	in->reports_set = false;
	bus_producer_poll(in->producer, 0);
	intake_flush(in);
}

size_t intake_end(struct intake *in)
{
	return outgoing_fail(&in->outgoing, BUS_E_RETRY, intake_delivered, in);
}

void intake_looked_up(struct intake *in, uint64_t ticket)
{
	for (struct flight *f; (f = TAILQ_FIRST(&in->looking)) && f->ticket <= ticket;)
		go_on(in, f);
}

/* ---- life ---- */

int intake_open(struct intake *in, struct lane_options *o)
{
	*in = (struct intake){ .o = o };
	TAILQ_INIT(&in->looking);
	TAILQ_INIT(&in->stalled);
	int scratch = protocol_scratch_open(&in->scratch), outgoing = outgoing_open(&in->outgoing);
	in->groups = calloc(in->scratch.groups_max, sizeof *in->groups);
	in->filtered = calloc(in->scratch.positions_max, sizeof *in->filtered);
	if (scratch == 0 && outgoing == 0 && in->groups && in->filtered)
		return 0;
	intake_close(in);
	return -ENOMEM;
}

void intake_close(struct intake *in)
{
	outgoing_close(&in->outgoing);
	free(in->filtered);
	free(in->groups);
	protocol_scratch_close(&in->scratch);
}
