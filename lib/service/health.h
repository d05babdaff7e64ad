/*
 * health - whether the program's loops turn, and whether its servers answer
 *
 * Live: every heartbeat was beaten within its limit. Ready: every check says so, and the end has not begun.
 * Thread: registration from main before threads start; the rest from any. Checks only read a remembered state: what
 * talks to a server does so elsewhere, and sets it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct heartbeat;
struct readiness;

/* A loop that must call heartbeat_beat() at least every @limit_ms. @name is borrowed. */
struct heartbeat *heartbeat_new(const char *name, int64_t limit_ms);
void heartbeat_beat(struct heartbeat *h);

/* A server this program needs ("kafka", "mongodb", "auth"); not ready until said. @name is borrowed. */
struct readiness *readiness_new(const char *name);
/* @why (copied, may be NULL) is logged when the state changes and shown in the answer. */
void readiness_set(struct readiness *r, bool ready, const char *why);

/* {"status":"ok"} or {"status":"failing","checks":{"loop":"no turn for 12 s"}} into @out. Returns whether ok. */
bool health_live(char *out, size_t size);
bool health_ready(char *out, size_t size);
