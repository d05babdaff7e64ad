/* runner - two semaphores and a thread. */
#include "web/runner.h"

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdlib.h>

enum { STACK_SIZE = 1 << 20 };

struct runner {
	pthread_t thread;
	sem_t todo, done;
	void (*run)(void *arg); /* NULL: end */
	void *arg;
};

static void wait_for(sem_t *s)
{
	while (sem_wait(s) && errno == EINTR)
		;
}

static void *loop(void *arg)
{
	struct runner *r = arg;

	for (;;) {
		wait_for(&r->todo);
		if (!r->run)
			return NULL;
		r->run(r->arg);
		sem_post(&r->done);
	}
}

static int start(struct runner *r)
{
	pthread_attr_t attr;
	int e = pthread_attr_init(&attr);

	if (e)
		return -e;
	e = pthread_attr_setstacksize(&attr, STACK_SIZE);
	if (e == 0)
		e = pthread_create(&r->thread, &attr, loop, r);
	pthread_attr_destroy(&attr);
	return -e;
}

int runner_open(struct runner **ret)
{
	struct runner *r = calloc(1, sizeof *r);

	if (!r)
		return -ENOMEM;
	sem_init(&r->todo, 0, 0);
	sem_init(&r->done, 0, 0);
	int e = start(r);
	if (e) {
		sem_destroy(&r->todo);
		sem_destroy(&r->done);
		free(r);
		return e;
	}
	*ret = r;
	return 0;
}

void runner_run(struct runner *r, void (*run)(void *arg), void *arg)
{
	r->run = run;
	r->arg = arg;
	sem_post(&r->todo);
	wait_for(&r->done);
}

void runner_close(struct runner *r)
{
	if (!r)
		return;
	r->run = NULL;
	sem_post(&r->todo);
	pthread_join(r->thread, NULL);
	sem_destroy(&r->todo);
	sem_destroy(&r->done);
	free(r);
}
