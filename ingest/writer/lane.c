/* lane - a thread that sends a bulk to MongoDB and waits for the answer. */
#include "lane.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

struct lane {
	struct store_bulk *bulk;
	pthread_t thread;
	bool started;

	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool busy, ends;

	/* the owner's while the lane rests, the thread's while it is busy */
	store_bulk_fault fault;
	void *owner;
	int r;
	char error[256];
};

static void send_bulk(struct lane *l)
{
	l->r = store_bulk_run(l->bulk, l->fault, l->owner);
	snprintf(l->error, sizeof(l->error), "%s", l->r ? store_last_error() : "");
}

static void *run(void *arg)
{
	struct lane *l = arg;

	pthread_mutex_lock(&l->lock);
	for (;;) {
		while (!l->busy && !l->ends)
			pthread_cond_wait(&l->changed, &l->lock);
		if (!l->busy)
			break;
		pthread_mutex_unlock(&l->lock);
		send_bulk(l);
		pthread_mutex_lock(&l->lock);
		l->busy = false;
		pthread_cond_broadcast(&l->changed);
	}
	pthread_mutex_unlock(&l->lock);
	return NULL;
}

int lane_open(struct lane **ret, struct store *store, const char *collection)
{
	struct lane *l = calloc(1, sizeof(*l));

	if (!l)
		return -ENOMEM;
	pthread_mutex_init(&l->lock, NULL);
	pthread_cond_init(&l->changed, NULL);
	int r = store_bulk_open(store, collection, &l->bulk);
	if (r == 0) {
		r = -pthread_create(&l->thread, NULL, run, l);
		l->started = r == 0;
	}
	if (r) {
		lane_close(l);
		return r;
	}
	*ret = l;
	return 0;
}

void lane_close(struct lane *l)
{
	if (!l)
		return;
	if (l->started) {
		pthread_mutex_lock(&l->lock);
		l->ends = true;
		pthread_cond_broadcast(&l->changed);
		pthread_mutex_unlock(&l->lock);
		pthread_join(l->thread, NULL);
	}
	store_bulk_close(l->bulk);
	pthread_cond_destroy(&l->changed);
	pthread_mutex_destroy(&l->lock);
	free(l);
}

struct store_bulk *lane_bulk(struct lane *l)
{
	return l->bulk;
}

void lane_send(struct lane *l, store_bulk_fault fault, void *owner)
{
	pthread_mutex_lock(&l->lock);
	l->fault = fault;
	l->owner = owner;
	l->busy = true;
	pthread_cond_broadcast(&l->changed);
	pthread_mutex_unlock(&l->lock);
}

bool lane_rests(struct lane *l)
{
	pthread_mutex_lock(&l->lock);
	bool rests = !l->busy;
	pthread_mutex_unlock(&l->lock);
	return rests;
}

int lane_wait(struct lane *l)
{
	pthread_mutex_lock(&l->lock);
	while (l->busy)
		pthread_cond_wait(&l->changed, &l->lock);
	pthread_mutex_unlock(&l->lock);
	return l->r;
}

const char *lane_last_error(const struct lane *l)
{
	return l->error;
}
