/*
 * lane - a thread that does one thing at a time: send a bulk to MongoDB and wait for the answer
 *
 * So that the next batch is read, decoded and made into documents while the last one is written, and `latest` is
 * brought up to date beside both.
 * Thread: one owner. From lane_send() to lane_wait() the bulk, and what its fault callback touches, are the lane's.
 */
#pragma once

#include "store/store.h"

struct lane;

/* @store and @collection are borrowed. 0 or -errno. */
MUST_CHECK int lane_open(struct lane **ret, struct store *store, const char *collection);

/* Waits for what is under way. Accepts NULL. */
void lane_close(struct lane *l);

/* The bulk to be filled; only while the lane rests. */
struct store_bulk *lane_bulk(struct lane *l);

/* Sends the bulk. @fault runs on the lane's thread, before lane_wait() returns. Only while the lane rests. */
void lane_send(struct lane *l, store_bulk_fault fault, void *owner);

bool lane_rests(struct lane *l);

/* Waits until the lane rests. What store_bulk_run() gave, the same until the next lane_send(); 0 before the first. */
MUST_CHECK int lane_wait(struct lane *l);

/* The text of that failure; valid until the next lane_send(). */
const char *lane_last_error(const struct lane *l);
