/*
 * gateway_bare - the least that could answer trackers: a process that reads requests and writes as many answers
 *
 * One epoll, level-triggered; nothing is decoded, nobody is asked for, nothing is kept. What a gateway costs beyond it, in the same run,
 * is the gateway's own; what it costs itself is mostly the kernel's.
 *
 * Thread: main.
 */
#pragma once

#include "tests/bench/gateway_program.h"

/* Serves HTTP requests without a body at a free port of 127.0.0.1, which is @ret's port "osmand", until bare_stop(). */
void bare_start(struct gateway_program *ret);
void bare_stop(struct gateway_program *g);
