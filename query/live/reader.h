/*
 * reader - the thread that reads the topic: poll, decode, remember, hand over
 *
 * It starts as many records back as the ring takes. What it reads of those goes into the ring only; then the loops are
 * told to begin, and get every record from there on. When the topic is made anew, or gets more partitions, the loops are told that
 * the stream is lost, and all begins again.
 */
#pragma once

#include "query/live/batch.h"
#include "query/live/live.h"

struct reader;

/* Gives @b (referenced as needed) to all loops; blocks while one of them has too much waiting. */
typedef void (*reader_hand_over)(void *owner, struct batch *b);

MUST_CHECK int reader_open(struct reader **ret, const struct live_options *o, reader_hand_over hand_over, void *owner);
/* Stops within a second or so. After it nothing is handed over. Accepts NULL. */
void reader_close(struct reader *r);
