/* health - heartbeats are atomics; what a server's state is, and why, lies under one lock. */
#include "service/health.h"
#include "base/clock.h"
#include "base/text.h"
#include "service/log.h"
#include "service/memory.h"
#include "service/service.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

enum { WHY_SIZE = 320 };

struct heartbeat {
	struct heartbeat *next;
	const char *name;
	int64_t limit_ms;
	_Atomic int64_t last_ms;
};

enum state { UNKNOWN, NOT_READY, READY };

struct readiness {
	struct readiness *next;
	const char *name;
	enum state state;
	char why[WHY_SIZE];
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* for the lists and the states of the second */
static struct heartbeat *heartbeats;
static struct readiness *servers;

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

struct readiness *readiness_new(const char *name)
{
	struct readiness *r = memory_for_life(sizeof *r);

	r->name = name;
	snprintf(r->why, sizeof r->why, "not reached yet");
	pthread_mutex_lock(&lock);
	r->next = servers;
	servers = r;
	pthread_mutex_unlock(&lock);
	return r;
}

void readiness_set(struct readiness *r, bool ready, const char *why)
{
	enum state now = ready ? READY : NOT_READY;

	pthread_mutex_lock(&lock);
	bool changed = r->state != now;
	r->state = now;
	snprintf(r->why, sizeof r->why, "%s", why ? why : "");
	pthread_mutex_unlock(&lock);
	if (changed && ready)
		log_info("ready", LOG_S("server", r->name));
	else if (changed)
		log_warn("not ready", LOG_S("server", r->name), LOG_S("why", why));
}

/* An answer under construction: the checks that fail, or none. */
struct answer {
	struct text text;
	bool failing;
};

static void answer_begin(struct answer *a, char *out, size_t size)
{
	*a = (struct answer){ .text = text_in(out, size) };
}

static void answer_fails(struct answer *a, const char *name, const char *why)
{
	text_puts(&a->text, a->failing ? "," : "{\"status\":\"failing\",\"checks\":{");
	text_json(&a->text, name, strlen(name));
	text_putc(&a->text, ':');
	text_json(&a->text, why, strlen(why));
	a->failing = true;
}

static bool answer_end(struct answer *a)
{
	size_t size = a->text.size;

	text_puts(&a->text, a->failing ? "}}" : "{\"status\":\"ok\"}");
	if (!text_ok(&a->text)) { /* too many to list: still an answer, and still JSON */
		a->text = text_in(a->text.buf, size);
		text_puts(&a->text, "{\"status\":\"failing\"}");
	}
	return !a->failing;
}

bool health_live(char *out, size_t size)
{
	struct answer a;
	char why[64];

	answer_begin(&a, out, size);
	pthread_mutex_lock(&lock);
	for (const struct heartbeat *h = heartbeats; h; h = h->next) {
		int64_t silent = clock_mono_ms() - atomic_load_explicit(&h->last_ms, memory_order_relaxed);
		if (silent <= h->limit_ms)
			continue;
		snprintf(why, sizeof why, "no turn for %lld s", (long long)(silent / 1000));
		answer_fails(&a, h->name, why);
	}
	pthread_mutex_unlock(&lock);
	return answer_end(&a);
}

bool health_ready(char *out, size_t size)
{
	struct answer a;

	answer_begin(&a, out, size);
	if (service_stopping())
		answer_fails(&a, "service", "stopping");
	pthread_mutex_lock(&lock);
	for (const struct readiness *r = servers; r; r = r->next)
		if (r->state != READY)
			answer_fails(&a, r->name, *r->why ? r->why : "not ready");
	pthread_mutex_unlock(&lock);
	return answer_end(&a);
}
