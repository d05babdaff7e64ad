/*
 * gateway_auth - stands in for pettrack-auth: knows every device, but for strangers
 *
 * Thread: its own; gateway_auth_open() and web_close() from main.
 */
#pragma once

#include "web/web.h"

/* The secret that every device presents. */
#define BENCH_SECRET "bench-secret-of-every-device"

/* An identifier that begins so is nobody's. */
#define BENCH_STRANGER "stranger"

/* Listens on a free port of 127.0.0.1, see web_port(). 0 or -errno. */
MUST_CHECK int gateway_auth_open(struct web **ret);
