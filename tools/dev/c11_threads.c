/*
 * c11_threads - C11 threads and locks as POSIX ones, preloaded into programs under ThreadSanitizer
 *
 * librdkafka uses thrd_create() and mtx_lock() of the C library, which ThreadSanitizer does not know: a thread made by
 * them runs without its state, and crashes. Here they lead to the pthread functions, which it does know. glibc's types
 * are the same underneath.
 */
#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <threads.h>

static int result(int error)
{
	switch (error) {
	case 0:
		return thrd_success;
	case ENOMEM:
		return thrd_nomem;
	case ETIMEDOUT:
		return thrd_timedout;
	case EBUSY:
		return thrd_busy;
	default:
		return thrd_error;
	}
}

/* ---- threads ---- */

struct start {
	thrd_start_t function;
	void *argument;
};

static void *run(void *data)
{
	struct start start = *(struct start *)data;

	free(data);
	return (void *)(intptr_t)start.function(start.argument);
}

int thrd_create(thrd_t *ret, thrd_start_t function, void *argument)
{
	struct start *start = malloc(sizeof *start);

	if (!start)
		return thrd_nomem;
	*start = (struct start){ function, argument };
	int r = pthread_create((pthread_t *)ret, NULL, run, start);
	if (r)
		free(start);
	return result(r);
}

int thrd_join(thrd_t thread, int *ret)
{
	void *value;
	int r = pthread_join((pthread_t)thread, &value);

	if (r == 0 && ret)
		*ret = (int)(intptr_t)value;
	return result(r);
}

int thrd_detach(thrd_t thread)
{
	return result(pthread_detach((pthread_t)thread));
}

_Noreturn void thrd_exit(int value)
{
	pthread_exit((void *)(intptr_t)value);
}

/* ---- locks ---- */

int mtx_init(mtx_t *lock, int type)
{
	pthread_mutexattr_t attributes;

	pthread_mutexattr_init(&attributes);
	pthread_mutexattr_settype(&attributes, type & mtx_recursive ? PTHREAD_MUTEX_RECURSIVE : PTHREAD_MUTEX_NORMAL);
	int r = pthread_mutex_init((pthread_mutex_t *)lock, &attributes);
	pthread_mutexattr_destroy(&attributes);
	return result(r);
}

int mtx_lock(mtx_t *lock)
{
	return result(pthread_mutex_lock((pthread_mutex_t *)lock));
}

int mtx_trylock(mtx_t *lock)
{
	return result(pthread_mutex_trylock((pthread_mutex_t *)lock));
}

int mtx_timedlock(mtx_t *restrict lock, const struct timespec *restrict until)
{
	return result(pthread_mutex_timedlock((pthread_mutex_t *)lock, until));
}

int mtx_unlock(mtx_t *lock)
{
	return result(pthread_mutex_unlock((pthread_mutex_t *)lock));
}

void mtx_destroy(mtx_t *lock)
{
	pthread_mutex_destroy((pthread_mutex_t *)lock);
}

int cnd_init(cnd_t *condition)
{
	return result(pthread_cond_init((pthread_cond_t *)condition, NULL));
}

int cnd_signal(cnd_t *condition)
{
	return result(pthread_cond_signal((pthread_cond_t *)condition));
}

int cnd_broadcast(cnd_t *condition)
{
	return result(pthread_cond_broadcast((pthread_cond_t *)condition));
}

int cnd_wait(cnd_t *condition, mtx_t *lock)
{
	return result(pthread_cond_wait((pthread_cond_t *)condition, (pthread_mutex_t *)lock));
}

int cnd_timedwait(cnd_t *restrict condition, mtx_t *restrict lock, const struct timespec *restrict until)
{
	return result(pthread_cond_timedwait((pthread_cond_t *)condition, (pthread_mutex_t *)lock, until));
}

void cnd_destroy(cnd_t *condition)
{
	pthread_cond_destroy((pthread_cond_t *)condition);
}
