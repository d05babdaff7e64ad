/*
 * auth - what pettrack-auth can do in a second: log-ins beside the bare password hash, refreshes, verifications of tokens; and
 * four times as many log-ins as it can serve
 */
#include "auth/common/hasher.h"
#include "base/clock.h"
#include "tests/bench/auth_load.h"
#include "tests/bench/auth_program.h"
#include "token/token.h"

#include <getopt.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
	HASH_THREADS = 2,
	HASH_QUEUE = 32, /* both as set by default */
	LOGIN_THREADS = 8,
	REFRESH_THREADS = 4,
	FLOOD_THREADS = 48, /* more than hash and wait, fewer than connections are taken */
	FLOOD_TIMES = 4,
	TOKENS = 20000, /* far more than are remembered */
};

static struct auth_program_options options = { .kafka = "127.0.0.1:9092",
	.mongodb = "mongodb://127.0.0.1:27017/?replicaSet=rs0",
	.hash_threads = HASH_THREADS,
	.hash_queue = HASH_QUEUE };
static int64_t seconds = 8;

static int64_t not_served(const struct auth_load_result *r)
{
	return r->failed + r->busy;
}

static void sleep_seconds(void)
{
	nanosleep(&(struct timespec){ .tv_sec = seconds }, NULL);
}

/* ---- the bare hash: what limits log-ins ---- */

struct hashing {
	struct hasher *hasher;
	char text[HASHER_TEXT_SIZE];
	int64_t until_ns, done;
};

static void *hash_on(void *arg)
{
	struct hashing *h = arg;
	bool same;

	while (clock_mono_ns() < h->until_ns) {
		if (hasher_verify(h->hasher, h->text, "a cat on a hot tin roof", &same) || !same)
			auth_bench_die("the hash failed");
		h->done++;
	}
	return NULL;
}

static double measure_hash(void)
{
	struct hashing all[HASH_THREADS] = { 0 };
	pthread_t ids[HASH_THREADS];
	struct hasher *hasher;
	int64_t done = 0;

	if (hasher_open(&hasher, HASH_THREADS, HASH_QUEUE) ||
		hasher_hash(hasher, "a cat on a hot tin roof", all[0].text))
		auth_bench_die("no memory");
	for (int i = 0; i < HASH_THREADS; i++) {
		all[i].hasher = hasher;
		all[i].until_ns = clock_mono_ns() + seconds * 1000000000;
		memcpy(all[i].text, all[0].text, sizeof all[i].text);
		if (pthread_create(&ids[i], NULL, hash_on, &all[i]))
			auth_bench_die("no memory");
	}
	for (int i = 0; i < HASH_THREADS; i++) {
		pthread_join(ids[i], NULL);
		done += all[i].done;
	}
	hasher_close(hasher);
	return (double)done / (double)seconds;
}

/* ---- requests ---- */

/* The hash is measured before and after: a machine that others use is not always the same. */
static double measure_logins(const struct auth_program *p)
{
	struct auth_load_result r;
	double hashes_per_s = measure_hash() / 2, before_s = auth_cpu_s(p);
	struct auth_load *l = auth_load_start(p->url, AUTH_LOGIN, LOGIN_THREADS, 0);

	sleep_seconds();
	auth_load_stop(l, &r);
	double rate = (double)r.ok / r.seconds, cpu_s = auth_cpu_s(p) - before_s;
	hashes_per_s += measure_hash() / 2;
	printf("{\"bench\":\"auth\",\"work\":\"log-ins\",\"logins_per_s\":%.1f,\"bare_hash_per_s\":%.1f,"
	       "\"hash_share_percent\":%.1f,\"cpu_s_per_million\":%.0f,\"ack_p50_ms\":%.1f,\"ack_p99_ms\":%.1f,"
	       "\"failed\":%lld}\n",
		rate, hashes_per_s, 100 * rate / hashes_per_s, cpu_s * 1e6 / (double)r.ok, r.p50_ms, r.p99_ms,
		(long long)not_served(&r));
	return rate;
}

static void measure_refreshes(const struct auth_program *p)
{
	struct auth_load_result r;
	struct auth_load *l = auth_load_start(p->url, AUTH_REFRESH, REFRESH_THREADS, 0);
	double before_s = auth_cpu_s(p);

	sleep_seconds();
	auth_load_stop(l, &r);
	printf("{\"bench\":\"auth\",\"work\":\"refreshes\",\"refreshes_per_s\":%.1f,\"cpu_s_per_million\":%.0f,"
	       "\"ack_p50_ms\":%.2f,\"ack_p99_ms\":%.2f,\"failed\":%lld}\n",
		(double)r.ok / r.seconds, (auth_cpu_s(p) - before_s) * 1e6 / (double)r.ok, r.p50_ms, r.p99_ms,
		(long long)not_served(&r));
}

static void measure_flood(const struct auth_program *p, double logins_per_s)
{
	struct auth_load_result flood, refresh;
	struct auth_load *beside = auth_load_start(p->url, AUTH_REFRESH, 1, 20);
	struct auth_load *l = auth_load_start(p->url, AUTH_LOGIN, FLOOD_THREADS, FLOOD_TIMES * logins_per_s);

	sleep_seconds();
	auth_load_stop(l, &flood);
	auth_load_stop(beside, &refresh);
	double all = (double)(flood.ok + flood.busy + flood.failed);
	int64_t failed = flood.failed + not_served(&refresh);
	printf("{\"bench\":\"auth\",\"work\":\"four times too many log-ins\",\"offered_per_s\":%.1f,"
	       "\"logins_per_s\":%.1f,\"busy_percent\":%.1f,\"ack_p99_ms\":%.0f,\"refresh_p99_ms\":%.1f,\"failed\":%"
	       "lld}\n",
		all / flood.seconds, (double)flood.ok / flood.seconds, 100 * (double)flood.busy / all, flood.p99_ms,
		refresh.p99_ms, (long long)failed);
}

/* ---- verification, as every module does it by itself ---- */

static struct token_keys *open_keys(struct token_signer **ret_signer)
{
	struct token_keys *keys;
	char *pem, *jwk, jwks[1024];

	if (token_key_generate(&pem) || token_jwk(pem, "bench", &jwk) ||
		token_signer_open(ret_signer, pem, "bench", "pettrack", "pettrack") ||
		token_keys_open(&keys, "pettrack", "pettrack"))
		auth_bench_die("no memory");
	int n = snprintf(jwks, sizeof jwks, "{\"keys\":[%s]}", jwk);
	if (token_keys_load(keys, jwks, (size_t)n))
		auth_bench_die("the key is none");
	free(jwk);
	free(pem);
	return keys;
}

static int64_t thread_cpu_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

/* Microseconds of CPU for each of @times verifications of @n tokens in turn. */
static double verify_us(struct token_keys *keys, char (*tokens)[TOKEN_SIZE_MAX], int n, int times)
{
	struct token_claims c;
	int64_t now_s = clock_real_ms() / 1000, since_ns = thread_cpu_ns();

	for (int i = 0; i < times; i++) {
		const char *token = tokens[i % n];
		if (token_verify(keys, token, strlen(token), now_s, &c))
			auth_bench_die("a good token was refused");
	}
	return (double)(thread_cpu_ns() - since_ns) / 1e3 / times;
}

static void measure_verification(void)
{
	struct token_signer *signer;
	struct token_keys *keys = open_keys(&signer);
	char(*tokens)[TOKEN_SIZE_MAX] = calloc(TOKENS, sizeof *tokens);

	for (int i = 0; tokens && i < TOKENS; i++) {
		struct token_claims c = {
			.issued_s = clock_real_ms() / 1000, .subject = { { 1 } }, .session = { { 2 } }
		};
		c.expires_s = c.issued_s + 900;
		memcpy(c.subject.b + 4, &i, sizeof i);
		if (token_sign(signer, &c, tokens[i], sizeof *tokens))
			auth_bench_die("not signed");
	}
	if (!tokens)
		auth_bench_die("no memory");
	double fresh_us = verify_us(keys, tokens, TOKENS, TOKENS), known_us;
	verify_us(keys, tokens, 100, 100);
	known_us = verify_us(keys, tokens, 100, 10 * TOKENS);
	printf("{\"bench\":\"auth\",\"work\":\"verification of a new token\",\"verifications_per_s\":%.0f,"
	       "\"new_token_cpu_us\":%.2f}\n",
		1e6 / fresh_us, fresh_us);
	printf("{\"bench\":\"auth\",\"work\":\"verification of a known token\",\"verifications_per_s\":%.0f,"
	       "\"known_token_cpu_us\":%.2f}\n",
		1e6 / known_us, known_us);
	free(tokens);
	token_signer_close(signer);
	token_keys_close(keys);
}

/* ---- the whole ---- */

static void read_arguments(int argc, char **argv)
{
	static const struct option flags[] = { { "kafka", required_argument, NULL, 'k' },
		{ "mongodb", required_argument, NULL, 'm' }, { "auth", required_argument, NULL, 'a' },
		{ "seconds", required_argument, NULL, 's' }, { 0 } };
	int flag;

	while ((flag = getopt_long(argc, argv, "", flags, NULL)) != -1)
		if (flag == 'k')
			options.kafka = optarg;
		else if (flag == 'm')
			options.mongodb = optarg;
		else if (flag == 'a')
			options.path = optarg;
		else if (flag == 's')
			seconds = strtoll(optarg, NULL, 10);
		else
			exit(2);
	if (!options.path || seconds < 1)
		auth_bench_die("--auth PATH is needed; --seconds is at least 1");
}

int main(int argc, char **argv)
{
	struct auth_program auth;

	read_arguments(argc, argv);
	signal(SIGPIPE, SIG_IGN);
	setvbuf(stdout, NULL, _IOLBF, 0);
	measure_verification();
	auth_start(&auth, &options);
	auth_register(auth.url);
	double logins_per_s = measure_logins(&auth);
	measure_refreshes(&auth);
	measure_flood(&auth, logins_per_s);
	auth_stop(&auth);
	return EXIT_SUCCESS;
}
