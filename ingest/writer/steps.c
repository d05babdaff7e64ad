/* steps - what is done with a batch: insert, bury, latest, commit. */
#include "steps.h"
#include "base/clock.h"
#include "service/log.h"

#include <errno.h>

enum {
	DEVICES_MAX = 50000, /* of one update of `latest` */
	FIXES_MAX = 64 << 20, /* bytes held for it */
	BURY_MS = 5000,
};

/* ---- MongoDB ---- */

int steps_answer(struct writer *w, const char *what, int r)
{
	if (r == 0) {
		w->answered_ms = clock_mono_ms();
		readiness_set(w->mongodb_ready, true, NULL);
		return 0;
	}
	if (r > 0) {
		counters_retry(&w->counters, what);
		readiness_set(w->mongodb_ready, false, store_last_error());
		return STEP_E_RETRY;
	}
	log_error("cannot write to MongoDB", LOG_S("step", what), LOG_S("error", store_last_error()));
	return r;
}

/* ---- insert ---- */

static void on_insert_fault(void *owner, size_t index, int r, const char *why)
{
	struct writer *w = owner;
	struct entry *e = w->sent[index];

	if (r == STORE_E_DUPLICATE) {
		w->duplicates++;
		return;
	}
	w->refused++;
	e->poison = POISON_REFUSED;
	log_warn("document refused", LOG_S("why", why), LOG_I("partition", e->record.partition),
		LOG_I("offset", e->record.offset));
}

static int add_document(struct writer *w, struct entry *e)
{
	bson_t doc;

	if (!batch_document(&w->batch, e, &doc))
		return -EPROTO;
	int r = store_bulk_insert(w->positions, &doc);
	if (r == STORE_E_POISON) {
		e->poison = POISON_REFUSED;
		return 0;
	}
	if (r == 0)
		w->sent[w->sent_n++] = e;
	return r;
}

static void count_inserted(struct writer *w, int64_t began_ms)
{
	size_t contacts = 0;
	int64_t newest_ms = 0;

	for (size_t i = 0; i < w->batch.n; i++) {
		const struct entry *e = &w->batch.entries[i];
		contacts += !e->poison && e->doc_len == 0;
		if (!e->poison && e->report.contact_ms > newest_ms)
			newest_ms = e->report.contact_ms;
	}
	series_add(w->counters.contacts, (double)contacts);
	series_add(w->counters.duplicates, (double)w->duplicates);
	series_add(w->counters.positions, (double)(w->sent_n - w->duplicates - w->refused));
	series_observe(w->counters.batch_records, (double)w->batch.n);
	series_observe(w->counters.batch_seconds, (double)(clock_mono_ms() - began_ms) / 1e3);
	if (newest_ms > 0)
		series_observe(w->counters.age_seconds, (double)(clock_real_ms() - newest_ms) / 1e3);
}

static int insert(struct writer *w)
{
	int64_t began_ms = clock_mono_ms();
	int r = 0;

	if (w->inserted || w->batch.n == 0)
		return 0;
	w->sent_n = w->duplicates = w->refused = 0;
	for (size_t i = 0; r == 0 && i < w->batch.n; i++)
		if (w->batch.entries[i].doc_len > 0 && !w->batch.entries[i].poison)
			r = add_document(w, &w->batch.entries[i]);
	if (r == 0 && w->sent_n > 0)
		r = steps_answer(w, "insert", store_bulk_run(w->positions, on_insert_fault, w));
	if (r)
		return r;
	w->inserted = true;
	count_inserted(w, began_ms);
	return 0;
}

/* ---- bury ---- */

static int bury(struct writer *w)
{
	const struct entry *first = NULL;
	size_t n = 0;
	int r = 0;

	dead_begin(w->dead);
	for (size_t i = 0; r == 0 && i < w->batch.n; i++) {
		const struct entry *e = &w->batch.entries[i];
		if (!e->poison)
			continue;
		first = first ? first : e;
		n++;
		r = dead_add(w->dead, &e->record, e->poison, BURY_MS);
	}
	if (r == 0 && n > 0)
		r = dead_confirm(w->dead, BURY_MS);
	if (r == DEAD_E_RETRY) {
		counters_retry(&w->counters, "dead");
		return STEP_E_RETRY;
	}
	if (r || n == 0)
		return r;
	log_warn("poison", LOG_I("records", n), LOG_S("error", first->poison),
		LOG_I("partition", first->record.partition), LOG_I("offset", first->record.offset));
	for (size_t i = 0; i < w->batch.n; i++)
		if (w->batch.entries[i].poison)
			counters_poison(&w->counters, w->batch.entries[i].poison);
	return 0;
}

/* ---- what is done is noted, and the batch empty ---- */

static int note(struct writer *w)
{
	int r = 0;

	if (w->batch.n > 0 && newest_devices(w->newest) == 0)
		w->newest_since_ms = clock_mono_ms();
	for (size_t i = 0; r == 0 && i < w->batch.n; i++) {
		const struct entry *e = &w->batch.entries[i];
		r = offsets_note(&w->offsets, e->record.partition, e->record.offset);
		if (r == 0 && !e->poison)
			r = newest_note(
				w->newest, &e->report, e->doc_len ? w->batch.docs.at + e->doc : NULL, e->doc_len);
	}
	if (r)
		return r;
	batch_clear(&w->batch);
	w->inserted = false;
	return 0;
}

/* ---- latest ---- */

static void on_latest_fault(void *owner, size_t index, int r, const char *why)
{
	bool *again = owner;

	(void)index;
	/* Two writers made the document of the same device at the same time: the second try is an update. */
	if (r == STORE_E_DUPLICATE)
		*again = true;
	else
		log_warn("update of latest refused", LOG_S("why", why));
}

static bool latest_is_due(const struct writer *w)
{
	if (newest_devices(w->newest) == 0)
		return false;
	return w->final || !w->hurried || clock_mono_ms() - w->newest_since_ms >= w->o.latest_age_ms ||
	       newest_devices(w->newest) >= DEVICES_MAX || newest_bytes(w->newest) >= FIXES_MAX;
}

static int add_latest(struct writer *w, size_t i)
{
	bson_t filter = BSON_INITIALIZER, update = BSON_INITIALIZER, view;
	const bson_t *fix;
	const struct report *report = newest_at(w->newest, i, &view, &fix);
	int r = document_latest(&filter, &update, report, fix);

	if (r == 0)
		r = store_bulk_update_one(w->latest, &filter, &update, true);
	bson_destroy(&filter);
	bson_destroy(&update);
	if (r != STORE_E_POISON)
		return r;
	log_warn("update of latest refused", LOG_S("why", store_last_error()));
	return 0;
}

static int update_latest(struct writer *w)
{
	int64_t began_ms = clock_mono_ms();
	size_t n = newest_devices(w->newest);
	bool again = false;
	int r = 0;

	for (size_t i = 0; r == 0 && i < n; i++)
		r = add_latest(w, i);
	if (r == 0)
		r = steps_answer(w, "latest", store_bulk_run(w->latest, on_latest_fault, &again));
	if (r)
		return r;
	if (again)
		return STEP_E_RETRY;
	series_add(w->counters.latest, (double)n);
	series_observe(w->counters.latest_seconds, (double)(clock_mono_ms() - began_ms) / 1e3);
	newest_clear(w->newest);
	return 0;
}

/* ---- commit ---- */

static int store_offsets(struct writer *w)
{
	int32_t partition;
	int r = 0;

	for (int64_t offset; r == 0 && (offset = offsets_take(&w->offsets, &partition)) >= 0;) {
		r = bus_store_offset(w->consumer, w->o.topic, partition, offset);
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
	int r = store_offsets(w);

	if (r || !w->uncommitted)
		return r;
	r = bus_commit(w->consumer);
	w->uncommitted = r != 0;
	if (r > 0)
		counters_retry(&w->counters, "commit");
	return r < 0 ? r : 0;
}

int steps_settle(struct writer *w)
{
	int r = insert(w);

	if (r == 0)
		r = bury(w);
	if (r == 0)
		r = note(w);
	if (r == 0 && latest_is_due(w))
		r = update_latest(w);
	if (r == 0 && newest_devices(w->newest) == 0)
		r = commit(w);
	return r;
}
