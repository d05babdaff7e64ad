/* steps - what becomes of a batch: insert → bury → note; then latest → commit. */
#include "steps.h"
#include "erased.h"
#include "base/clock.h"
#include "service/log.h"

#include <errno.h>

enum {
	DEVICES_MAX = 50000, /* of one update of `latest` */
	FIXES_MAX = 64 << 20, /* bytes held for it */
	BURY_MS = 5000,
};

/* ---- life ---- */

int steps_open(struct writer *w)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < 2; i++)
		r = batch_open(&w->batches[i], (size_t)w->o.batch_max);
	for (size_t i = 0; r == 0 && i < 2; i++)
		r = newest_open(&w->accounts[i].newest);
	if (r == 0)
		r = lane_open(&w->inserts, w->o.store, "positions");
	if (r == 0)
		r = lane_open(&w->updates, w->o.store, "latest");
	if (r == 0)
		r = dead_open(&w->dead, w->o.kafka, w->dead_topic);
	w->filling = &w->batches[0];
	w->open = &w->accounts[0];
	return r;
}

void steps_close(struct writer *w)
{
	lane_close(w->updates);
	lane_close(w->inserts);
	dead_close(w->dead, 1000);
	for (size_t i = 0; i < 2; i++) {
		batch_close(&w->batches[i]);
		newest_close(w->accounts[i].newest);
		offsets_free(&w->accounts[i].offsets);
	}
}

/* ---- MongoDB ---- */

int steps_answer(struct writer *w, const char *step, int r, const char *why)
{
	if (r == 0) {
		w->answered_ms = clock_mono_ms();
		dependency_up(w->mongodb);
		return 0;
	}
	if (r > 0) {
		counters_retry(&w->counters, step);
		dependency_down(w->mongodb, why);
		return STEP_E_RETRY;
	}
	log_error("MongoDB refuses", LOG_S("step", step), LOG_S("error", why));
	return r;
}

/* ---- insert ---- */

static void refuse(struct batch *b, struct entry *e, const char *why)
{
	e->poison = POISON_REFUSED;
	if (b->refused++ == 0) /* the first speaks for the batch */
		log_warn("document refused", LOG_S("why", why), LOG_I("partition", e->record.partition),
			LOG_I("offset", e->record.offset));
}

/* On the lane's thread. */
static void on_insert_fault(void *owner, size_t index, int r, const char *why)
{
	struct batch *b = owner;

	if (r == STORE_E_DUPLICATE)
		b->duplicates++;
	else
		refuse(b, b->sent[index], why);
}

static int add_document(struct writer *w, struct batch *b, struct entry *e)
{
	bson_t doc;

	if (!batch_document(b, e, &doc))
		return -EPROTO;
	int r = store_bulk_insert(lane_bulk(w->inserts), &doc);
	if (r == 0)
		b->sent[b->sent_n++] = e;
	if (r != STORE_E_POISON)
		return r;
	refuse(b, e, store_last_error());
	return 0;
}

static int send_insert(struct writer *w)
{
	struct batch *b = w->flying;
	int r = 0;

	b->sent_n = b->duplicates = b->refused = 0;
	b->sent_ms = clock_mono_ms();
	for (size_t i = 0; r == 0 && i < b->n; i++)
		if (b->entries[i].doc_len > 0 && !b->entries[i].poison)
			r = add_document(w, b, &b->entries[i]);
	if (r)
		return r;
	lane_send(w->inserts, on_insert_fault, b);
	w->sent = true;
	return 0;
}

static void count_inserted(const struct writer *w, const struct batch *b)
{
	size_t stored = 0, contacts = 0;
	int64_t newest_ms = 0;

	for (size_t i = 0; i < b->n; i++) {
		const struct entry *e = &b->entries[i];
		if (e->poison)
			continue;
		*(e->doc_len ? &stored : &contacts) += 1;
		if (e->report.contact_ms > newest_ms)
			newest_ms = e->report.contact_ms;
	}
	series_add(w->counters.positions, (double)(stored - (b->duplicates < stored ? b->duplicates : stored)));
	series_add(w->counters.duplicates, (double)b->duplicates);
	series_add(w->counters.contacts, (double)contacts);
	series_observe(w->counters.batch_records, (double)b->n);
	series_observe(w->counters.batch_seconds, (double)(clock_mono_ms() - b->sent_ms) / 1e3);
	if (newest_ms > 0)
		series_observe(w->counters.age_seconds, (double)(clock_real_ms() - newest_ms) / 1e3);
}

static int insert(struct writer *w)
{
	int r = 0;

	if (w->inserted)
		return 0;
	if (!w->sent)
		r = send_insert(w);
	if (r)
		return r;
	r = lane_wait(w->inserts);
	w->sent = false;
	r = steps_answer(w, "insert", r, lane_last_error(w->inserts));
	if (r)
		return r;
	w->inserted = true;
	count_inserted(w, w->flying);
	return 0;
}

/* ---- bury ---- */

static int send_dead(struct writer *w, const struct batch *b, size_t *ret_n)
{
	int r = 0;

	dead_begin(w->dead);
	for (size_t i = 0; r == 0 && i < b->n; i++)
		if (b->entries[i].poison) {
			r = dead_add(w->dead, &b->entries[i].record, b->entries[i].poison, BURY_MS);
			++*ret_n;
		}
	return r == 0 && *ret_n > 0 ? dead_confirm(w->dead, BURY_MS) : r;
}

static int bury(struct writer *w)
{
	const struct batch *b = w->flying;
	size_t n = 0;
	int r = send_dead(w, b, &n);

	if (r > 0)
		counters_retry(&w->counters, "dead");
	if (r)
		return r > 0 ? STEP_E_RETRY : r;
	for (size_t i = 0; i < b->n; i++)
		if (b->entries[i].poison)
			counters_poison(&w->counters, b->entries[i].poison);
	if (n > 0)
		log_warn("records are poison", LOG_I("records", n), LOG_S("topic", w->dead_topic));
	return 0;
}

/* ---- note: the batch has landed ---- */

static int note(struct writer *w)
{
	struct account *a = w->open;
	struct batch *b = w->flying;
	int r = 0;

	if (a->records == 0)
		a->since_ms = clock_mono_ms();
	for (size_t i = 0; r == 0 && i < b->n; i++) {
		const struct entry *e = &b->entries[i];
		r = offsets_note(&a->offsets, e->record.partition, e->record.offset);
		if (r == 0 && !e->poison)
			r = newest_note(a->newest, &e->report, e->doc_len ? b->docs.at + e->doc : NULL, e->doc_len);
	}
	if (r)
		return r;
	a->records += b->n;
	batch_clear(b);
	w->flying = NULL;
	w->inserted = false;
	return 0;
}

static int land(struct writer *w)
{
	int r = insert(w);

	if (r == 0)
		r = bury(w);
	return r == 0 ? note(w) : r;
}

static int take_off(struct writer *w)
{
	w->flying = w->filling;
	w->filling = w->flying == &w->batches[0] ? &w->batches[1] : &w->batches[0];
	return send_insert(w);
}

/* ---- latest ---- */

/* On the lane's thread. */
static void on_update_fault(void *owner, size_t index, int r, const char *why)
{
	struct writer *w = owner;

	(void)index;
	/* Two writers made the document of the same device at the same time: the second try is an update. */
	if (r == STORE_E_DUPLICATE)
		w->updates_collide = true;
	else
		log_warn("update of latest refused", LOG_S("why", why));
}

static int add_update(struct writer *w, size_t i)
{
	bson_t filter = BSON_INITIALIZER, update = BSON_INITIALIZER, view;
	const bson_t *fix;
	const struct report *report = newest_at(w->closed->newest, i, &view, &fix);
	int r = document_latest(&filter, &update, report, fix);

	if (r == 0)
		r = store_bulk_update_one(lane_bulk(w->updates), &filter, &update, true);
	bson_destroy(&filter);
	bson_destroy(&update);
	if (r != STORE_E_POISON)
		return r;
	log_warn("update of latest refused", LOG_S("why", store_last_error()));
	return 0;
}

static int send_updates(struct writer *w)
{
	int r = 0;

	w->updates_collide = false;
	for (size_t i = 0; r == 0 && i < newest_devices(w->closed->newest); i++)
		r = add_update(w, i);
	if (r)
		return r;
	lane_send(w->updates, on_update_fault, w);
	w->updates_sent = true;
	return 0;
}

static bool may_put_off(const struct writer *w)
{
	return w->hurried && !w->final && newest_devices(w->open->newest) < DEVICES_MAX &&
	       newest_bytes(w->open->newest) < FIXES_MAX;
}

static bool is_due(const struct writer *w)
{
	return w->open->records > 0 && (!may_put_off(w) || clock_mono_ms() - w->open->since_ms >= w->o.latest_age_ms);
}

static int close_account(struct writer *w)
{
	w->closed = w->open;
	w->open = w->closed == &w->accounts[0] ? &w->accounts[1] : &w->accounts[0];
	w->closed->since_ms = clock_mono_ms();
	return send_updates(w);
}

/* ---- commit ---- */

static int store_offsets(struct writer *w, struct offsets *o)
{
	int32_t partition;
	int r = 0;

	for (int64_t offset; r == 0 && (offset = offsets_take(o, &partition)) >= 0;) {
		r = bus_store_offset(w->consumer, w->topic, partition, offset);
		if (r > 0)
			r = 0; /* somebody else's by now, who reads it again */
		w->uncommitted = true;
	}
	return r;
}

/* That a commit fails is no reason to wait: everything is written, the next commit covers this one too, and what is read
 * again meanwhile is there already. */
static int commit(struct writer *w)
{
	int r = store_offsets(w, &w->closed->offsets);

	if (r || !w->uncommitted)
		return r;
	r = bus_commit(w->consumer);
	w->uncommitted = r != 0;
	if (r > 0)
		counters_retry(&w->counters, "commit");
	return r < 0 ? r : 0;
}

/* All is stored, and nothing committed yet: the moment to ask whose device is no more. */
static int meet_erased(struct writer *w)
{
	int r = erased_meet(w->o.store, w->closed->newest, clock_real_ms());

	return steps_answer(w, "erased", r, store_last_error());
}

static int settle_account(struct writer *w)
{
	struct account *a = w->closed;
	int r = w->updates_sent ? 0 : send_updates(w);

	if (r)
		return r;
	r = lane_wait(w->updates);
	w->updates_sent = false;
	r = steps_answer(w, "latest", r, lane_last_error(w->updates));
	if (r == 0 && w->updates_collide)
		r = STEP_E_RETRY;
	if (r)
		return r;
	r = meet_erased(w);
	if (r)
		return r;
	series_add(w->counters.latest, (double)newest_devices(a->newest));
	series_observe(w->counters.latest_seconds, (double)(clock_mono_ms() - a->since_ms) / 1e3);
	r = commit(w);
	newest_clear(a->newest);
	a->records = 0;
	w->closed = NULL;
	return r;
}

/* ---- all of it ---- */

static bool is_idle(const struct writer *w)
{
	return !w->flying && w->filling->n == 0 && !w->closed && w->open->records == 0;
}

/* One round: every step that has something to do, and need not be put off, does it. */
static int advance(struct writer *w)
{
	int r = w->flying ? land(w) : 0;

	if (r == 0 && w->filling->n > 0)
		r = take_off(w);
	if (r == 0 && w->closed && (!may_put_off(w) || lane_rests(w->updates)))
		r = settle_account(w);
	if (r == 0 && !w->closed && is_due(w))
		r = close_account(w);
	return r;
}

int steps_settle(struct writer *w)
{
	int r = advance(w);

	while (r == 0 && !may_put_off(w) && !is_idle(w))
		r = advance(w);
	return r;
}

size_t steps_forget(struct writer *w, const int32_t *partitions, size_t n)
{
	size_t dropped = 0;

	/* The answers stay with the lanes, for the next steps_settle(). */
	(void)!lane_wait(w->inserts);
	(void)!lane_wait(w->updates);
	for (size_t i = 0; i < 2; i++) {
		dropped += batch_drop(&w->batches[i], partitions, n);
		for (size_t k = 0; k < n; k++)
			offsets_drop(&w->accounts[i].offsets, partitions[k]);
	}
	return dropped;
}

size_t steps_pending(const struct writer *w)
{
	return w->batches[0].n + w->batches[1].n;
}
