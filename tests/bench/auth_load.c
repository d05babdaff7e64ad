#include "tests/bench/auth_load.h"
#include "base/clock.h"
#include "client/client.h"
#include "tests/bench/auth_program.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { THREADS_MAX = 64, TIMES_MAX = 1 << 20 };

static const char PASSWORD[] = "a cat on a hot tin roof";

struct auth_load {
	const char *url;
	enum auth_work work;
	int threads;
	int64_t began_ns, every_ns; /* 0: one after another */
	atomic_bool stop;
	_Atomic int64_t tickets; /* of requests that have their time */
	_Atomic int64_t ok, busy, failed;
	int64_t *times_ns; /* of the first TIMES_MAX that were 200 */
	pthread_t ids[THREADS_MAX];
};

struct person {
	struct auth_load *load;
	struct client *client;
	char email[64];
	char *refresh_token;
};

static void email_of(char *out, size_t size, int n)
{
	snprintf(out, size, "person-%d@example.org", n % AUTH_PEOPLE);
}

static struct client *open_client(const char *url)
{
	struct client *c;

	if (client_open(&c, &(struct client_options){ .base_url = url, .timeout_ms = 30000 }))
		auth_bench_die("no memory");
	return c;
}

void auth_register(const char *url)
{
	struct client *c = open_client(url);
	char email[64];

	for (int i = 0; i < AUTH_PEOPLE; i++) {
		email_of(email, sizeof email, i);
		json_t *body = json_pack("{ss ss}", "email", email, "password", PASSWORD);
		if (client_call(c, "POST", "/v1/users", body, NULL, NULL, NULL))
			auth_bench_die("not registered: %s", client_last_error());
		json_decref(body);
	}
	client_close(c);
}

/* ---- one request ---- */

static long ask(const struct person *p, enum auth_work work, json_t **ret)
{
	json_t *body = work == AUTH_LOGIN ? json_pack("{ss ss}", "email", p->email, "password", PASSWORD)
					  : json_pack("{ss}", "refresh_token", p->refresh_token);
	long status = 0;
	int r = client_call(p->client, "POST", work == AUTH_LOGIN ? "/v1/sessions" : "/v1/sessions/refresh", body, NULL,
		ret, &status);

	json_decref(body);
	return r && status == 200 ? 0 : status;
}

static void keep_token(struct person *p, json_t *answer)
{
	const char *token = json_string_value(json_object_get(answer, "refresh_token"));

	free(p->refresh_token);
	p->refresh_token = token ? strdup(token) : NULL;
	json_decref(answer);
}

static void count(struct auth_load *l, long status, int64_t took_ns)
{
	if (status == 200) {
		int64_t n = atomic_fetch_add(&l->ok, 1);
		if (n < TIMES_MAX)
			l->times_ns[n] = took_ns;
	} else {
		atomic_fetch_add(status == 503 ? &l->busy : &l->failed, 1);
	}
}

static void wait_for_turn(struct auth_load *l)
{
	int64_t due_ns = l->began_ns + atomic_fetch_add(&l->tickets, 1) * l->every_ns,
		left_ns = due_ns - clock_mono_ns();

	if (l->every_ns > 0 && left_ns > 0)
		nanosleep(&(struct timespec){ left_ns / 1000000000, left_ns % 1000000000 }, NULL);
}

static void work_once(struct person *p)
{
	json_t *answer = NULL;
	int64_t since_ns = clock_mono_ns();
	long status = ask(p, p->load->work, &answer);

	count(p->load, status, clock_mono_ns() - since_ns);
	if (status == 200)
		keep_token(p, answer);
	else if (p->load->work == AUTH_REFRESH)
		auth_bench_die("a refresh failed: status %ld, %s", status, client_last_error());
}

static void *live(void *arg)
{
	struct person *p = arg;

	while (!atomic_load(&p->load->stop)) {
		wait_for_turn(p->load);
		work_once(p);
	}
	client_close(p->client);
	free(p->refresh_token);
	free(p);
	return NULL;
}

/* ---- all of them ---- */

static struct person *make_person(struct auth_load *l, int n)
{
	struct person *p = calloc(1, sizeof *p);
	json_t *answer = NULL;

	if (!p)
		auth_bench_die("no memory");
	p->load = l;
	p->client = open_client(l->url);
	email_of(p->email, sizeof p->email, n);
	if (l->work == AUTH_REFRESH && ask(p, AUTH_LOGIN, &answer) != 200)
		auth_bench_die("not logged in: %s", client_last_error());
	if (answer)
		keep_token(p, answer);
	return p;
}

struct auth_load *auth_load_start(const char *url, enum auth_work work, int threads, double rate_per_s)
{
	struct auth_load *l = calloc(1, sizeof *l);
	struct person *people[THREADS_MAX];

	if (!l || threads > THREADS_MAX)
		auth_bench_die("no memory for %d people", threads);
	l->url = url;
	l->work = work;
	l->threads = threads;
	l->every_ns = rate_per_s > 0 ? (int64_t)(1e9 / rate_per_s) : 0;
	l->times_ns = calloc(TIMES_MAX, sizeof *l->times_ns);
	for (int i = 0; i < threads; i++)
		people[i] = make_person(l, i);
	l->began_ns = clock_mono_ns();
	for (int i = 0; i < threads; i++)
		if (!l->times_ns || pthread_create(&l->ids[i], NULL, live, people[i]))
			auth_bench_die("no memory for thread %d", i);
	return l;
}

static int ascending(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

static double percentile_ms(const struct auth_load *l, double share)
{
	int64_t n = l->ok < TIMES_MAX ? l->ok : TIMES_MAX;

	return n > 0 ? (double)l->times_ns[(int64_t)(share * (double)(n - 1))] / 1e6 : 0;
}

void auth_load_stop(struct auth_load *l, struct auth_load_result *ret)
{
	*ret = (struct auth_load_result){ .seconds = (double)(clock_mono_ns() - l->began_ns) / 1e9,
		.ok = atomic_load(&l->ok),
		.busy = atomic_load(&l->busy),
		.failed = atomic_load(&l->failed) };
	atomic_store(&l->stop, true);
	for (int i = 0; i < l->threads; i++)
		pthread_join(l->ids[i], NULL);
	qsort(l->times_ns, (size_t)(l->ok < TIMES_MAX ? l->ok : TIMES_MAX), sizeof *l->times_ns, ascending);
	ret->p50_ms = percentile_ms(l, .5);
	ret->p99_ms = percentile_ms(l, .99);
	free(l->times_ns);
	free(l);
}
