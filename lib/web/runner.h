/*
 * runner - a thread that does one thing at a time for another one, on a stack of a proper size
 *
 * Debian's civetweb gives its threads 100 KB of stack. A JSON body nested a thousand deep is enough to run past that,
 * and so may be a name look-up or a TLS handshake in a handler. So each of them has a runner, and only waits.
 *
 * Internal to lib/web. Thread: one owner.
 */
#pragma once

#include "base/err.h"

struct runner;

/* 0 or -errno. */
MUST_CHECK int runner_open(struct runner **ret);
/* Calls @run with @arg on the runner's thread and returns when it has returned. */
void runner_run(struct runner *r, void (*run)(void *arg), void *arg);
void runner_close(struct runner *r); /* accepts NULL */
