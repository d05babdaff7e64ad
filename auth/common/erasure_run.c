/* erasure_run - the thread that takes away what is an ended account's, part after part, until nothing is found. */
#include "auth/common/erasure.h"
#include "auth/common/document.h"
#include "auth/common/turn.h"
#include "base/clock.h"
#include "bus/progress.h"
#include "service/health.h"
#include "service/log.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	TURN_MS = 1000,
	AT_ONCE = 16, /* accounts in one turn */
	KAFKA_MS = 5000,
	BEAT_MS = 120000,
};

struct erasure {
	struct erasure_options o;
	char topic[BUS_TOPIC_SIZE]; /* of devices' events */
	pthread_t thread;
	struct turn turn;
	struct heartbeat *heartbeat;
};

/* One account on its way. */
struct job {
	struct uuid receipt;
	struct erasure_subject who;
	const char *todo[ERASURE_ROLES]; /* of erasure_roles */
	size_t todo_n;
	struct bus_offsets ends; /* of the topic of devices' events, once all of the account's were sent; or none yet */
};

/* ---- reading ---- */

/* The member of erasure_roles that is called @name, or NULL. */
static const char *role_called(const char *name)
{
	const char *const *r = erasure_roles;

	while (*r && strcmp(*r, name) != 0)
		r++;
	return *r;
}

static bool read_todo(const bson_t *doc, struct job *j)
{
	bson_iter_t top, i;

	if (!bson_iter_init_find(&top, doc, "todo") || !bson_iter_recurse(&top, &i))
		return false;
	while (bson_iter_next(&i) && j->todo_n < ERASURE_ROLES) {
		const char *role = BSON_ITER_HOLDS_UTF8(&i) ? role_called(bson_iter_utf8(&i, NULL)) : NULL;
		if (!role)
			return false;
		j->todo[j->todo_n++] = role;
	}
	return j->todo_n > 0;
}

static bool read_ends(const bson_t *doc, struct job *j)
{
	bson_iter_t top, i;

	if (!bson_iter_init_find(&top, doc, "ends") || !bson_iter_recurse(&top, &i))
		return true;
	while (bson_iter_next(&i))
		if (bus_offsets_add(&j->ends, bson_iter_as_int64(&i)))
			return false;
	return true;
}

static bool read_job(const bson_t *doc, struct job *j)
{
	const char *email = document_text(doc, "email");

	if (!email || strlen(email) >= sizeof j->who.email)
		return false;
	memcpy(j->who.email, email, strlen(email) + 1);
	return document_uuid(doc, "_id", &j->receipt) && document_uuid(doc, "user", &j->who.user) &&
	       document_time(doc, "requested", &j->who.requested_ms) && former_read(doc, &j->who.former) &&
	       read_todo(doc, j) && read_ends(doc, j);
}

static void free_jobs(struct job *jobs, size_t n)
{
	for (size_t i = 0; i < n; i++)
		bus_offsets_free(&jobs[i].ends);
}

/* When @role had its last turn at an account: its name in the document. */
enum { TRIED_SIZE = 64 };

static const char *tried_path(const char *role, char out[static TRIED_SIZE])
{
	snprintf(out, TRIED_SIZE, "tried.%s", role);
	return out;
}

/* Accounts for which @role has something to do: those first that it has not been at, or not for longest, so that none that
 * only waits (for Kafka) keeps others waiting. They are sorted in memory: there are few, and a few are wanted of them. 0, or
 * what store_find() gives. */
static int find_jobs(struct store *s, const char *role, struct job jobs[static AT_ONCE], size_t *ret_n)
{
	char tried[TRIED_SIZE];
	bson_t *filter = BCON_NEW("todo", BCON_UTF8(role));
	bson_t *options = BCON_NEW("sort", "{", tried_path(role, tried), BCON_INT32(1), "requested", BCON_INT32(1), "}",
		"limit", BCON_INT64(AT_ONCE));
	struct store_cursor *c = NULL;
	const bson_t *doc;
	int r = store_find(s, ERASURES_COLLECTION, filter, options, &c);

	*ret_n = 0;
	while (r == 0 && *ret_n < AT_ONCE && (r = store_next(c, &doc)) == 0) {
		struct job *j = &jobs[*ret_n];
		*j = (struct job){ 0 };
		if (read_job(doc, j)) {
			++*ret_n;
		} else {
			bus_offsets_free(&j->ends);
			log_error("erasure cannot be read");
		}
	}
	store_cursor_close(c);
	bson_destroy(options);
	bson_destroy(filter);
	return r == STORE_E_MISSING ? 0 : r;
}

/* @role has its turn at these now. */
static int note_turn(struct store *s, const char *role, const struct job *jobs, size_t n)
{
	char tried[TRIED_SIZE], key[24];
	bson_t filter = BSON_INITIALIZER, in, ids;

	if (n == 0)
		return 0;
	BSON_APPEND_DOCUMENT_BEGIN(&filter, "_id", &in);
	BSON_APPEND_ARRAY_BEGIN(&in, "$in", &ids);
	for (size_t i = 0; i < n; i++) {
		snprintf(key, sizeof key, "%zu", i);
		bson_append_binary(&ids, key, -1, BSON_SUBTYPE_UUID, jobs[i].receipt.b, sizeof jobs[i].receipt.b);
	}
	bson_append_array_end(&in, &ids);
	bson_append_document_end(&filter, &in);
	bson_t *update = BCON_NEW("$set", "{", tried_path(role, tried), BCON_DATE_TIME(clock_real_ms()), "}");
	int r = store_update_many(s, ERASURES_COLLECTION, &filter, update, NULL);
	bson_destroy(update);
	bson_destroy(&filter);
	return r;
}

/* ---- one step is done ---- */

static bson_t *todo_filter(const struct job *j)
{
	bson_t *filter = BCON_NEW("_id", BCON_UUID(&j->receipt));

	document_append_texts(filter, "todo", j->todo, j->todo_n);
	return filter;
}

/* Nothing is left: from here on nothing says whose account it was. */
static bson_t *last_update(const struct erasure *e)
{
	int64_t now = clock_real_ms();

	return BCON_NEW("$set", "{", "finished", BCON_DATE_TIME(now), "expires", BCON_DATE_TIME(now + e->o.keep_ms),
		"}", "$unset", "{", "user", BCON_UTF8(""), "email", BCON_UTF8(""), "ends", BCON_UTF8(""), "todo",
		BCON_UTF8(""), "tried", BCON_UTF8(""), "former", BCON_UTF8(""), "}");
}

/* @role has nothing to do any more. Another process may have changed the list meanwhile: then the next turn sees to it. */
static int strike(const struct erasure *e, const struct job *j, const char *role)
{
	bson_t *filter = todo_filter(j);
	bson_t *update = j->todo_n == 1 ? last_update(e) : BCON_NEW("$pull", "{", "todo", BCON_UTF8(role), "}");
	int r = store_update_one(e->o.store, ERASURES_COLLECTION, filter, update, false);

	bson_destroy(update);
	bson_destroy(filter);
	if (r == 0 && j->todo_n == 1)
		log_info("account erased");
	return r == STORE_E_MISSING ? 0 : r;
}

/* ---- parts ---- */

/* One time round for one part. *ret_found: so many were there before. */
static int erase_part(const struct erasure *e, const struct job *j, const struct erasure_part *p, int64_t *ret_found)
{
	struct store *s = e->o.store;
	bson_t *filter = p->filter(&j->who);
	int r = store_count(s, p->collection, filter, ret_found);

	if (r == 0 && *ret_found > 0 && p->name)
		r = erasure_note(s, &j->receipt, p->name, *ret_found);
	if (r == 0 && *ret_found > 0)
		r = p->erase ? p->erase(s, e->o.outbox, &j->who) : store_delete_many(s, p->collection, filter, NULL);
	bson_destroy(filter);
	return r;
}

/* A request that was under way when the account ended may still make something for a while. */
static bool settled(const struct erasure *e, const struct job *j)
{
	return clock_real_ms() - j->who.requested_ms >= e->o.settle_ms;
}

static int erase_parts(const struct erasure *e, const struct job *j, const struct erasure_role *role)
{
	int64_t found = 0, all = 0;
	int r = 0;
	bool was_settled = settled(e, j); /* before the first look */

	for (const struct erasure_part *p = role->parts; r == 0 && p->collection; p++) {
		heartbeat_beat(e->heartbeat);
		r = erase_part(e, j, p, &found);
		all += found;
	}
	return r == 0 && all == 0 && was_settled ? strike(e, j, role->name) : r;
}

/* ---- positions ---- */

static bool has_to_do(const struct job *j, const char *role)
{
	for (size_t i = 0; i < j->todo_n; i++)
		if (!strcmp(j->todo[i], role))
			return true;
	return false;
}

/* All events of the account's devices are in Kafka: where the topic ends now is behind them. */
static int note_ends(const struct erasure *e, const struct job *j)
{
	struct bus_offsets ends = { 0 };
	bson_t set = BSON_INITIALIZER, list;
	int r = bus_group_progress(e->o.kafka, e->o.writer_group, e->topic, KAFKA_MS, NULL, &ends);

	if (r)
		return r;
	BSON_APPEND_ARRAY_BEGIN(&set, "ends", &list);
	for (int32_t i = 0; i < ends.n; i++) {
		char key[16];
		snprintf(key, sizeof key, "%d", i);
		BSON_APPEND_INT64(&list, key, ends.at[i]);
	}
	bson_append_array_end(&set, &list);
	bson_t *filter = BCON_NEW("_id", BCON_UUID(&j->receipt));
	bson_t *update = BCON_NEW("$set", BCON_DOCUMENT(&set));
	r = store_update_one(e->o.store, ERASURES_COLLECTION, filter, update, false);
	bson_destroy(update);
	bson_destroy(filter);
	bson_destroy(&set);
	bus_offsets_free(&ends);
	return r;
}

/* Whether the writer has done all that it was told before @j's events ended. */
static int await_writer(const struct erasure *e, const struct job *j)
{
	struct bus_offsets done = { 0 };
	int r = bus_group_progress(e->o.kafka, e->o.writer_group, e->topic, KAFKA_MS, &done, NULL);
	bool passed = r == 0 && bus_offsets_passed(&done, &j->ends);

	bus_offsets_free(&done);
	return passed ? strike(e, j, "positions") : r;
}

static int erase_positions(const struct erasure *e, const struct job *j)
{
	if (has_to_do(j, "devices"))
		return 0;
	heartbeat_beat(e->heartbeat);
	int r = j->ends.n > 0 ? await_writer(e, j) : note_ends(e, j);
	if (r)
		log_debug("erasure of positions not known", LOG_I("result", r), LOG_S("error", bus_last_error()));
	return r ? STORE_E_RETRY : 0; /* Kafka's absence is the outbox's to tell; it is waited for once a turn */
}

/* ---- the thread ---- */

static void tell_failure(int r)
{
	log_error("erasure failed", LOG_I("result", r), LOG_S("error", store_last_error()));
}

/* One that fails is not in the way of others. 0, or STORE_E_RETRY: what all of them need is away. */
static int do_job(const struct erasure *e, const struct job *j, const struct erasure_role *role)
{
	int r = role ? erase_parts(e, j, role) : erase_positions(e, j);

	if (r < 0)
		tell_failure(r);
	return r == STORE_E_RETRY ? r : 0;
}

static int do_role(const struct erasure *e, const char *name, const struct erasure_role *role)
{
	struct job jobs[AT_ONCE];
	size_t n;
	int r = find_jobs(e->o.store, name, jobs, &n);

	if (r == 0)
		r = note_turn(e->o.store, name, jobs, n);
	for (size_t i = 0; r == 0 && i < n; i++)
		r = do_job(e, &jobs[i], role);
	free_jobs(jobs, n);
	return r;
}

static void turn_once(const struct erasure *e)
{
	int r = 0;

	for (const struct erasure_role *role = e->o.roles; r == 0 && role->name; role++) {
		r = do_role(e, role->name, role);
		if (r == 0 && !strcmp(role->name, "devices"))
			r = do_role(e, "positions", NULL);
	}
	if (r < 0) /* else MongoDB is away */
		tell_failure(r);
}

static void *run(void *arg)
{
	struct erasure *e = arg;

	do {
		heartbeat_beat(e->heartbeat);
		if (upkeep_prepared(e->o.upkeep))
			turn_once(e);
	} while (turn_wait(&e->turn, TURN_MS));
	return NULL;
}

int erasure_open(struct erasure **ret, const struct erasure_options *o)
{
	struct erasure *e = calloc(1, sizeof *e);

	if (!e)
		return -ENOMEM;
	e->o = *o;
	bus_topic_name(e->topic, o->topics, BUS_TOPIC_DEVICES);
	e->heartbeat = heartbeat_new("erasure", BEAT_MS + 2 * store_patience_ms(o->store));
	turn_init(&e->turn);
	int r = -pthread_create(&e->thread, NULL, run, e);
	if (r) {
		turn_destroy(&e->turn);
		free(e);
		return r;
	}
	*ret = e;
	return 0;
}

void erasure_wake(struct erasure *e)
{
	if (e)
		turn_wake(&e->turn);
}

void erasure_close(struct erasure *e)
{
	if (!e)
		return;
	turn_stop(&e->turn);
	pthread_join(e->thread, NULL);
	turn_destroy(&e->turn);
	free(e);
}
