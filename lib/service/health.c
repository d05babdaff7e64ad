/* health - heartbeats are atomics; of servers, dependency.c remembers what there is to say. */
#include "service/health.h"
#include "service/dependency.h"
#include "service/memory.h"
#include "service/service.h"
#include "base/clock.h"
#include "base/text.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

struct heartbeat {
	struct heartbeat *next;
	const char *name;
	int64_t limit_ms;
	_Atomic int64_t last_ms;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* for the list */
static struct heartbeat *heartbeats;

struct heartbeat *heartbeat_new(const char *name, int64_t limit_ms)
{
	struct heartbeat *h = memory_for_life(sizeof *h);

	h->name = name;
	h->limit_ms = limit_ms;
	heartbeat_beat(h);
	pthread_mutex_lock(&lock);
	h->next = heartbeats;
	heartbeats = h;
	pthread_mutex_unlock(&lock);
	return h;
}

void heartbeat_beat(struct heartbeat *h)
{
	atomic_store_explicit(&h->last_ms, clock_mono_ms(), memory_order_relaxed);
}

/* ---- answers ---- */

enum { LIST_SIZE = 2048 };

/* One object under construction: "name":"why",... without its braces. */
struct list {
	char bytes[LIST_SIZE];
	struct text text;
};

static void list_begin(struct list *l)
{
	l->text = text_in(l->bytes, sizeof l->bytes);
}

static void list_add(struct list *l, const char *name, const char *why)
{
	if (l->text.len)
		text_putc(&l->text, ',');
	text_json(&l->text, name, strlen(name));
	text_putc(&l->text, ':');
	text_json(&l->text, why, strlen(why));
}

static void put_list(struct text *out, const char *name, const struct list *l)
{
	if (l->text.len == 0)
		return;
	text_printf(out, ",\"%s\":{", name);
	text_put(out, l->bytes, l->text.len);
	text_putc(out, '}');
}

/* @degraded: NULL where there is no such thing. Returns whether @failing is empty. */
static bool answer(char *out, size_t size, const struct list *failing, const struct list *degraded)
{
	struct text t = text_in(out, size);
	bool ok = failing->text.len == 0;
	const char *status = ok ? "ok" : "failing";

	text_printf(&t, "{\"status\":\"%s\"", status);
	put_list(&t, "checks", failing);
	if (degraded)
		put_list(&t, "degraded", degraded);
	text_putc(&t, '}');
	if (!text_ok(&t) || !text_ok(&failing->text) || (degraded && !text_ok(&degraded->text))) {
		t = text_in(out, size); /* too many to list: still an answer, and still JSON */
		text_printf(&t, "{\"status\":\"%s\"}", status);
	}
	return ok;
}

bool health_live(char *out, size_t size)
{
	struct list failing;
	char why[64];

	list_begin(&failing);
	pthread_mutex_lock(&lock);
	for (const struct heartbeat *h = heartbeats; h; h = h->next) {
		int64_t silent = clock_mono_ms() - atomic_load_explicit(&h->last_ms, memory_order_relaxed);
		if (silent <= h->limit_ms)
			continue;
		snprintf(why, sizeof why, "no turn for %lld s", (long long)(silent / 1000));
		list_add(&failing, h->name, why);
	}
	pthread_mutex_unlock(&lock);
	return answer(out, size, &failing, NULL);
}

struct two_lists {
	struct list failing, degraded;
};

static void add_missing(void *owner, const char *server, const char *why, bool needed)
{
	struct two_lists *l = owner;

	list_add(needed ? &l->failing : &l->degraded, server, why);
}

bool health_ready(char *out, size_t size)
{
	struct two_lists l;

	list_begin(&l.failing);
	list_begin(&l.degraded);
	if (service_stopping())
		list_add(&l.failing, "service", "stopping");
	dependency_missing(add_missing, &l);
	return answer(out, size, &l.failing, &l.degraded);
}
