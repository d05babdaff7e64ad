/*
 * check_live - one device, watched on the live stream
 *
 * Connects, and does so again where that fails, until what is waited for has come. Nothing is read between the calls:
 * what comes meanwhile lies in the socket.
 * Thread: one.
 */
#pragma once

#include "cli/check_fix.h"
#include "cli/session.h"

struct check_live;

/* @url, @device (an id) and @session are borrowed for its life. 0 or -errno. */
MUST_CHECK int check_live_open(struct check_live **ret, const char *url, struct session *session, const char *device);
void check_live_close(struct check_live *l); /* accepts NULL */

/* Waits until the device is watched and its snapshot complete. False: not in time; check_live_reason() says why. */
bool check_live_subscribed(struct check_live *l, int64_t timeout_ms);

/* Waits until @f has come. The same results. */
bool check_live_pushed(struct check_live *l, const struct check_fix *f, int64_t timeout_ms);

const char *check_live_reason(const struct check_live *l);
