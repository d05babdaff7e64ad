/*
 * tracker
 *
 *   away → connecting → (greeting →) ready ⇄ waiting
 *
 * Whatever fails leads back to away, with the batch kept. A batch is drawn from the source once and leaves only when
 * the gateway has taken it, or does not want it. A silent dialect's leaves when it is written: no answer is awaited, to
 * the login neither.
 */
#include "cli/simulation/tracker.h"
#include "base/text.h"
#include "service/log.h"

#include <string.h>

enum {
	BACKOFF_MS = 250,
	BACKOFF_MAX_MS = 10000,
};

static const struct line_events events;

static void wake_at(struct tracker *t, int64_t at_ms)
{
	agenda_put(&t->yard->agenda, &t->wake, at_ms);
}

static const struct dialect *dialect_of(const struct tracker *t)
{
	return t->yard->options->dialect;
}

static int64_t now_of(const struct tracker *t)
{
	return loop_now_ms(t->yard->loop);
}

/* ---- the batch ---- */

/* Looks one fix ahead. Returns whether there is one. */
static bool look_ahead(struct tracker *t)
{
	if (t->ahead || t->drained)
		return t->ahead;
	t->ahead = source_next(t->source, &t->yard->options->clock, &t->next, &t->next_due_ms);
	t->drained = !t->ahead;
	return t->ahead;
}

static bool due(struct tracker *t)
{
	return t->yard->left > 0 && look_ahead(t) && t->yard->begun_ms + t->next_due_ms <= now_of(t);
}

static void fill_batch(struct tracker *t)
{
	while (t->batch_n < t->yard->options->records && due(t)) {
		t->batch[t->batch_n++] = t->next;
		t->ahead = false;
		t->yard->left--;
	}
}

static void log_acked(const struct tracker *t, const struct position *p)
{
	char line[256];
	struct text out = text_in(line, sizeof line);
	FILE *f = t->yard->options->ack_log;

	if (!f)
		return;
	text_puts(&out, "{\"identifier\":");
	text_json(&out, t->identity->identifier, strlen(t->identity->identifier));
	text_puts(&out, ",\"time\":");
	text_int(&out, p->time_ms);
	text_puts(&out, ",\"lat\":");
	text_e7(&out, p->lat_e7);
	text_puts(&out, ",\"lon\":");
	text_e7(&out, p->lon_e7);
	text_puts(&out, "}\n");
	fwrite(line, 1, out.len, f);
}

/* The first @n of the batch are settled. */
static void drop_from_batch(struct tracker *t, size_t n)
{
	t->batch_n -= n;
	memmove(t->batch, t->batch + n, t->batch_n * sizeof *t->batch);
	t->again = t->batch_n > 0;
}

/* ---- the connection ---- */

/* Retries come later and later, and never all at once. */
static void wake_after_failure(struct tracker *t)
{
	int64_t wait = BACKOFF_MAX_MS;

	if (t->failures < 6)
		wait = (int64_t)BACKOFF_MS << t->failures;
	t->failures++;
	wake_at(t, now_of(t) + (int64_t)((double)wait * random_between(&t->yard->random, 0.5, 1.5)));
}

static void hang_up(struct tracker *t)
{
	if (t->state == TRACKER_WAITING)
		t->yard->counts.waiting -= (int64_t)t->batch_n;
	t->state = TRACKER_AWAY;
	line_drop(&t->line);
}

static void done(struct tracker *t)
{
	t->state = TRACKER_DONE;
	t->yard->busy--;
}

static void finish(struct tracker *t)
{
	agenda_remove(&t->yard->agenda, &t->wake);
	if (dialect_of(t)->silent && line_is_open(&t->line)) { /* no answer has told that it arrived */
		t->state = TRACKER_PARTING;
		line_part(&t->line);
		return;
	}
	hang_up(t);
	done(t);
}

static void fail(struct tracker *t)
{
	hang_up(t);
	wake_after_failure(t);
}

static void expect_answer(struct tracker *t, enum tracker_state state)
{
	t->state = state;
	wake_at(t, now_of(t) + t->yard->options->timeout_ms);
}

static void send_batch(struct tracker *t)
{
	uint8_t frame[DIALECT_FRAME_MAX];
	struct fleet_counts *c = &t->yard->counts;
	const struct identity *i = t->identity;
	size_t n = dialect_of(t)->frame(frame, sizeof frame, i->identifier, i->secret, t->batch, t->batch_n);

	if (n == 0 || line_write(&t->line, frame, n)) {
		fail(t);
		return;
	}
	c->sent += (int64_t)t->batch_n;
	if (t->again)
		c->resent += (int64_t)t->batch_n;
	t->again = true;
	t->yard->tokens -= (double)t->batch_n;
	if (dialect_of(t)->silent) {
		drop_from_batch(t, t->batch_n);
		wake_at(t, now_of(t));
		return;
	}
	c->waiting += (int64_t)t->batch_n;
	expect_answer(t, TRACKER_WAITING);
}

/* The line is open. Says who it is, where the protocol wants that. */
static void log_in(struct tracker *t)
{
	uint8_t login[DIALECT_LOGIN_MAX];
	const struct dialect *d = dialect_of(t);
	size_t n = d->login ? d->login(login, sizeof login, t->identity->identifier) : 0;

	if (d->login && (n == 0 || line_write(&t->line, login, n))) {
		fail(t);
	} else if (d->login && !d->silent) {
		expect_answer(t, TRACKER_GREETING);
	} else {
		t->state = TRACKER_READY;
		tracker_wake(t);
	}
}

static void opened(void *owner, int r)
{
	struct tracker *t = owner;

	if (r) {
		fail(t);
		return;
	}
	t->yard->counts.connects++;
	log_in(t);
}

static void connect_to_gateway(struct tracker *t)
{
	const struct fleet_options *o = t->yard->options;
	int r = line_open(&t->line, t->yard->loop, o->host, o->port, o->dialect->udp);

	if (r) {
		log_debug("connect", LOG_S("error", strerror(-r)));
		fail(t);
	} else if (o->dialect->udp) {
		opened(t, 0);
	} else {
		expect_answer(t, TRACKER_CONNECTING);
	}
}

/* ---- answers ---- */

/* The next positions may be welcome. */
static void refused(struct tracker *t)
{
	struct fleet_counts *c = &t->yard->counts;

	c->refused += (int64_t)t->batch_n;
	c->waiting -= (int64_t)t->batch_n;
	drop_from_batch(t, t->batch_n);
	t->state = TRACKER_READY;
}

static enum fleet_renewal renew(struct tracker *t)
{
	const struct fleet_options *o = t->yard->options;

	return o->renew ? o->renew(o->owner, t->identity) : FLEET_NOT_RENEWED;
}

/* A secret that is not right may be so in a moment, once every gateway has heard of it: only then is another one wanted. */
static void denied(struct tracker *t)
{
	struct fleet_counts *c = &t->yard->counts;

	c->denied++;
	if (++t->denials < t->yard->options->patience) {
		fail(t);
		return;
	}
	switch (renew(t)) {
	case FLEET_RENEWED:
		c->renewed++;
		t->failures = t->denials = 0;
		fail(t);
		return;
	case FLEET_RENEW_LATER:
		t->denials--;
		fail(t);
		return;
	case FLEET_NOT_RENEWED:
		break;
	}
	c->abandoned++;
	finish(t);
}

/* Of a curt gateway that is a refusal, unless it has been heard before: then it cannot go on, and that will pass. */
static void unanswered(struct tracker *t)
{
	if (dialect_of(t)->curt && !t->known)
		denied(t);
	else
		fail(t);
}

static void taken(struct tracker *t, size_t n)
{
	t->yard->counts.acked += (int64_t)n;
	t->yard->counts.waiting -= (int64_t)t->batch_n;
	for (size_t i = 0; i < n; i++)
		log_acked(t, &t->batch[i]);
	drop_from_batch(t, n);
	t->state = TRACKER_READY;
	t->failures = t->denials = 0;
	t->known = true;
}

static void later(struct tracker *t)
{
	t->yard->counts.waiting -= (int64_t)t->batch_n;
	t->state = TRACKER_READY;
	wake_after_failure(t);
}

/* Returns whether the tracker may go on at once. */
static bool settle(struct tracker *t, const struct reply *r)
{
	switch (r->kind) {
	case REPLY_WELCOME:
		t->state = TRACKER_READY;
		t->denials = 0;
		t->known = true;
		return true;
	case REPLY_TAKEN:
		taken(t, r->taken);
		return true;
	case REPLY_REFUSED:
		refused(t);
		return true;
	case REPLY_DENIED:
		denied(t);
		return false;
	case REPLY_LATER:
		later(t);
		return false;
	case REPLY_MORE:
		return false;
	case REPLY_GARBAGE:
		break;
	}
	fail(t);
	return false;
}

static bool asked(const struct tracker *t)
{
	return t->state == TRACKER_GREETING || t->state == TRACKER_WAITING;
}

static size_t data(void *owner, const uint8_t *bytes, size_t n)
{
	struct tracker *t = owner;

	if (!asked(t)) { /* nobody asked: it is no answer; of datagrams one may come twice */
		if (!dialect_of(t)->udp)
			fail(t);
		return n;
	}
	struct reply r = dialect_of(t)->read(bytes, n, t->state == TRACKER_GREETING, t->batch_n);
	bool go_on = settle(t, &r);
	if (r.last && t->state != TRACKER_DONE)
		hang_up(t);
	if (go_on)
		wake_at(t, now_of(t));
	if (go_on && t->yard->options->rate <= 0)
		tracker_wake(t);
	return r.used;
}

static void closed(void *owner)
{
	struct tracker *t = owner;
	bool idle = t->state == TRACKER_READY && !dialect_of(t)->silent;

	if (t->state == TRACKER_PARTING)
		done(t);
	else if (idle) /* it will connect again when it has something to say; the appointment stands */
		t->state = TRACKER_AWAY;
	else if (asked(t))
		unanswered(t);
	else
		fail(t);
}

static const struct line_events events = { .opened = opened, .data = data, .closed = closed };

/* ---- the appointment ---- */

static bool over(struct tracker *t)
{
	return t->batch_n == 0 && (t->yard->left <= 0 || !look_ahead(t));
}

void tracker_wake(struct tracker *t)
{
	switch (t->state) {
	case TRACKER_CONNECTING:
		fail(t);
		return;
	case TRACKER_GREETING:
	case TRACKER_WAITING:
		unanswered(t); /* it is overdue */
		return;
	case TRACKER_PARTING:
	case TRACKER_DONE:
		return;
	case TRACKER_AWAY:
	case TRACKER_READY:
		break;
	}
	if (!t->again) /* what was sent before is sent as it was */
		fill_batch(t);
	if (over(t))
		finish(t);
	else if (t->batch_n == 0)
		wake_at(t, t->yard->begun_ms + t->next_due_ms);
	else if (t->state == TRACKER_AWAY)
		connect_to_gateway(t);
	else
		send_batch(t);
}

void tracker_init(struct tracker *t, struct yard *y, struct identity *i, struct source *s, struct position *batch)
{
	*t = (struct tracker){
		.yard = y,
		.identity = i,
		.source = s,
		.line = { .events = &events, .owner = t },
		.batch = batch,
	};
}
