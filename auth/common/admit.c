/* admit - the limiter, asked about a request; what is refused is answered and counted. */
#include "auth/common/auth.h"
#include "base/clock.h"
#include "service/log.h"
#include "service/metrics.h"

#include <pthread.h>
#include <stdatomic.h>

static pthread_once_t once = PTHREAD_ONCE_INIT;
static struct metric *limited;

static void make_metrics(void)
{
	static const char *const labels[] = { "limit", "kind", NULL };

	limited = metric_counter("pettrack_auth_limited_total",
		"Attempts refused with 429, by limit and by what had too many: address or account.", labels);
}

static void count(enum auth_limit what, enum limiter_kind kind)
{
	static const char *const kinds[] = { [LIMITER_ADDRESS] = "address", [LIMITER_ACCOUNT] = "account" };

	pthread_once(&once, make_metrics);
	metric_add(limited, (const char *const[]){ limiter_name(what), kinds[kind] }, 1);
}

/* A peer without an address that can be read is nobody's: all such share a bucket. */
static struct limiter_who who(const struct web_request *q, enum auth_limit what, const char *account)
{
	struct limiter_who w = { .what = what, .account = account };
	int r = address_parse(&w.address, web_remote(q));

	(void)r;
	return w;
}

/* An operator who has forgotten his proxy finds all his users in one bucket: tells him, once. */
static void warn_of_proxy(const struct web_request *q, enum limiter_kind kind)
{
	static atomic_flag told = ATOMIC_FLAG_INIT;

	if (kind == LIMITER_ADDRESS && web_forwards(q) && !atomic_flag_test_and_set(&told))
		log_warn("proxy not trusted", LOG_S("address", web_remote(q)), LOG_S("see", "AUTH_TRUSTED_PROXIES"));
}

/* 0, or how long the caller is to wait, which is counted. */
static int64_t admit(struct web_request *q, const struct auth *a, enum auth_limit what, const char *account)
{
	struct limiter_who w = who(q, what, account);
	enum limiter_kind kind = LIMITER_ADDRESS;
	int64_t wait_ms = limiter_admit(a->limiter, &w, clock_mono_ms(), &kind);

	if (wait_ms == 0)
		return 0;
	count(what, kind);
	warn_of_proxy(q, kind);
	return wait_ms;
}

bool auth_admit(struct web_request *q, const struct auth *a, enum auth_limit what, const char *account)
{
	int64_t wait_ms = admit(q, a, what, account);

	if (wait_ms > 0)
		web_too_many(q, "Too many attempts.", wait_ms);
	return wait_ms == 0;
}

bool auth_admits(struct web_request *q, const struct auth *a, enum auth_limit what, const char *account)
{
	return admit(q, a, what, account) == 0;
}

void auth_penalise(struct web_request *q, const struct auth *a, enum auth_limit what, const char *account)
{
	struct limiter_who w = who(q, what, account);

	limiter_failed(a->limiter, &w, clock_mono_ms());
}

void auth_restore(struct web_request *q, const struct auth *a, enum auth_limit what, const char *account)
{
	struct limiter_who w = who(q, what, account);

	limiter_succeeded(a->limiter, &w, clock_mono_ms());
}

void auth_refund(struct web_request *q, const struct auth *a, enum auth_limit what, const char *account)
{
	struct limiter_who w = who(q, what, account);

	limiter_refund(a->limiter, &w, clock_mono_ms());
}
