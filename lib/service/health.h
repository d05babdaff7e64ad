/*
 * health - whether the program's loops turn, and whether its servers answer
 *
 * Live: every heartbeat was beaten within its limit; no server has a part in it, since a restart would not bring one
 * back. Ready: every server that is needed answers (service/dependency.h), and the end has not begun. One that is away
 * and can be done without is named all the same.
 * Thread: registration from main before threads start; the rest from any. Only what is remembered is read.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct heartbeat;

/* A loop that must call heartbeat_beat() at least every @limit_ms. @name is borrowed. */
struct heartbeat *heartbeat_new(const char *name, int64_t limit_ms);
void heartbeat_beat(struct heartbeat *h);

/* {"status":"ok"} or {"status":"failing","checks":{"loop":"no turn for 12 s"}} into @out. Returns whether ok. */
bool health_live(char *out, size_t size);
/* The same, and whoever is away without need under "degraded": {"status":"ok","degraded":{"auth":"timed out"}}. */
bool health_ready(char *out, size_t size);
