/*
 * auth_load - people who log in and refresh, on a thread each
 *
 * Thread: main starts and ends it; the threads are its own.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

enum { AUTH_PEOPLE = 8 }; /* who are registered */

/* Registers them at @url. */
void auth_register(const char *url);

enum auth_work { AUTH_LOGIN, AUTH_REFRESH };

struct auth_load;

/* @threads do @work at @url, each one request after another; or, where @rate_per_s is not 0, as many a second between
 * them, whether the one before was answered or not, as long as a thread is free. */
struct auth_load *auth_load_start(const char *url, enum auth_work work, int threads, double rate_per_s);

/* What became of them. */
struct auth_load_result {
	double seconds;
	int64_t ok, busy, failed; /* 200, 503, anything else */
	double p50_ms, p99_ms; /* of those that were 200 */
};

/* Ends and frees it. */
void auth_load_stop(struct auth_load *l, struct auth_load_result *ret);
