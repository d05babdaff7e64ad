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
	pthread_mutex_t lock; /* guards the next seven */
	pthread_cond_t loaded; /* some entry's loading has ended */
	pthread_cond_t wanted; /* some entry is, or the end has come */
	struct access_cache cache;
	struct ended ended;
	bool away; /* auth did not answer when it was asked last */
	unsigned asking; /* questions that are under way */
	int64_t away_until_ms; /* while @away: not asked again before; monotonic */
	pthread_mutex_t watch_lock; /* held while the watch is called */
	struct access_watch watch;
	pthread_t reader, refresher;
	bool reading, refreshing; /* the threads were started */
	atomic_bool closing;
	_Atomic int64_t denied_told_ms; /* when it was last said that auth refuses; monotonic, 0: never */
	struct heartbeat *heartbeat, *refresher_heartbeat;
};

/* Whether what is remembered of @e was asked for at most @age_ms ago, and is of what the topic said last. With the lock held. */
bool access_is_good(const struct cache_entry *e, int64_t age_ms);
/* Asks auth about @e and remembers its answer. 0, ACCESS_E_RETRY or -errno. Called and returns with the lock held; without it
 * in between, so that @e must be kept by its @waiting. */
MUST_CHECK int access_load(struct access *a, struct cache_entry *e);

/* access_refresh.c: asks auth about those that are wanted until @a is closing. */
void *access_refresh(void *access);
/* Has @e asked about there. With the lock held. */
void access_want(struct access *a, struct cache_entry *e);
/* Waits until that was done, auth does not answer, or for @ms. With the lock held; without it in between. */
void access_wait_refreshed(struct access *a, const struct cache_entry *e, int64_t ms);

/* access_topic.c: reads the topic until @a is closing. */
void *access_topic_read(void *access);
/* One record's value, as the topic's thread does it. Returns whether it was one. */
bool access_topic_event(struct access *a, const void *value, size_t len, int64_t written_ms);
