/* turn - a condition variable on the clock that only goes forward. */
#include "auth/common/turn.h"

#include <time.h>

void turn_init(struct turn *t)
{
	*t = (struct turn){ .lock = PTHREAD_MUTEX_INITIALIZER, .moved = PTHREAD_COND_INITIALIZER };
}

void turn_destroy(struct turn *t)
{
	pthread_cond_destroy(&t->moved);
	pthread_mutex_destroy(&t->lock);
}

static struct timespec in_ms(int64_t ms)
{
	struct timespec at;

	clock_gettime(CLOCK_MONOTONIC, &at);
	at.tv_sec += ms / 1000;
	at.tv_nsec += ms % 1000 * 1000000;
	if (at.tv_nsec >= 1000000000) {
		at.tv_nsec -= 1000000000;
		at.tv_sec++;
	}
	return at;
}

bool turn_wait(struct turn *t, int64_t ms)
{
	struct timespec end = in_ms(ms);

	pthread_mutex_lock(&t->lock);
	while (!t->woken && !t->stop)
		if (pthread_cond_clockwait(&t->moved, &t->lock, CLOCK_MONOTONIC, &end))
			break;
	t->woken = false;
	bool go_on = !t->stop;
	pthread_mutex_unlock(&t->lock);
	return go_on;
}

void turn_wake(struct turn *t)
{
	pthread_mutex_lock(&t->lock);
	t->woken = true;
	pthread_cond_signal(&t->moved);
	pthread_mutex_unlock(&t->lock);
}

void turn_stop(struct turn *t)
{
	pthread_mutex_lock(&t->lock);
	t->stop = true;
	pthread_cond_signal(&t->moved);
	pthread_mutex_unlock(&t->lock);
}

bool turn_stopping(struct turn *t)
{
	pthread_mutex_lock(&t->lock);
	bool stop = t->stop;
	pthread_mutex_unlock(&t->lock);
	return stop;
}
