#include "query/live/work.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

struct workers {
	pthread_mutex_t lock; /* guards the next two */
	STAILQ_HEAD(, work) queue;
	bool closing;
	pthread_cond_t there; /* work, or the end */
	int64_t threads_n;
	pthread_t threads[];
};

static void call_done(void *arg)
{
	struct work *w = arg;

	w->done(w);
}

static void finish(struct work *w)
{
	w->run(w);
	while (loop_post(w->loop, call_done, w)) /* no memory: a client waits, but none is lost */
		nanosleep(&(struct timespec){ .tv_nsec = 10000000 }, NULL);
}

static void *work_on(void *arg)
{
	struct workers *ws = arg;

	pthread_mutex_lock(&ws->lock);
	for (;;) {
		struct work *w = STAILQ_FIRST(&ws->queue);
		if (w) {
			STAILQ_REMOVE_HEAD(&ws->queue, link);
			pthread_mutex_unlock(&ws->lock);
			finish(w);
			pthread_mutex_lock(&ws->lock);
		} else if (ws->closing) {
			break;
		} else {
			pthread_cond_wait(&ws->there, &ws->lock);
		}
	}
	pthread_mutex_unlock(&ws->lock);
	return NULL;
}

int workers_open(struct workers **ret, int64_t threads)
{
	struct workers *ws = calloc(1, sizeof(*ws) + (size_t)threads * sizeof(pthread_t));
	int r = 0;

	if (!ws)
		return -ENOMEM;
	pthread_mutex_init(&ws->lock, NULL);
	pthread_cond_init(&ws->there, NULL);
	STAILQ_INIT(&ws->queue);
	while (r == 0 && ws->threads_n < threads) {
		r = -pthread_create(&ws->threads[ws->threads_n], NULL, work_on, ws);
		ws->threads_n += r == 0;
	}
	if (r) {
		workers_close(ws);
		return r;
	}
	*ret = ws;
	return 0;
}

void workers_put(struct workers *ws, struct work *w)
{
	pthread_mutex_lock(&ws->lock);
	STAILQ_INSERT_TAIL(&ws->queue, w, link);
	pthread_cond_signal(&ws->there);
	pthread_mutex_unlock(&ws->lock);
}

void workers_close(struct workers *ws)
{
	if (!ws)
		return;
	pthread_mutex_lock(&ws->lock);
	ws->closing = true;
	pthread_cond_broadcast(&ws->there);
	pthread_mutex_unlock(&ws->lock);
	for (int64_t i = 0; i < ws->threads_n; i++)
		pthread_join(ws->threads[i], NULL);
	pthread_cond_destroy(&ws->there);
	pthread_mutex_destroy(&ws->lock);
	free(ws);
}
