/* access_internal - what the files of access share */
#pragma once

#include "query/access/access.h"
#include "query/access/access_cache.h"
#include "query/access/ended.h"

#include <pthread.h>
#include <stdatomic.h>

struct access {
	struct access_options o;
	struct client *client;
	char topic[BUS_TOPIC_SIZE];
	pthread_mutex_t lock; /* guards the next four */
	pthread_cond_t loaded; /* some entry's loading has ended */
	struct access_cache cache;
	struct ended ended;
	int64_t away_until_ms; /* auth did not answer: not asked again before; monotonic */
	pthread_mutex_t watch_lock; /* held while the watch is called */
	struct access_watch watch;
	pthread_t reader;
	bool reading; /* the thread was started */
	atomic_bool closing;
	_Atomic int64_t denied_told_ms; /* when it was last said that auth refuses; monotonic, 0: never */
	struct heartbeat *heartbeat;
};

/* access_topic.c: reads the topic until @a is closing. */
void *access_topic_read(void *access);
/* One record's value, as the topic's thread does it. Returns whether it was one. */
bool access_topic_event(struct access *a, const void *value, size_t len, int64_t written_ms);
