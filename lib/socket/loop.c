/* loop - the turning itself: posted calls, timers, watched file descriptors. Streams are in stream.c, datagrams in datagram.c. */
#include "socket/loop_internal.h"

#include <errno.h>
#include <stdlib.h>

struct post {
	struct post *next;
	void (*call)(void *arg);
	void *arg;
};

struct loop_timer {
	uv_timer_t uv;
	struct loop *loop;
	void (*call)(void *arg);
	void *arg;
	TAILQ_ENTRY(loop_timer) link;
};

struct loop_watch {
	uv_poll_t uv;
	struct loop *loop;
	void (*call)(void *arg);
	void *arg;
	TAILQ_ENTRY(loop_watch) link;
};

/* Takes all posts there are, so that calls which post again get their turn after the sockets had theirs. */
static void run_posts(struct loop *l)
{
	pthread_mutex_lock(&l->lock);
	struct post *p = l->first;
	l->first = NULL;
	l->last = &l->first;
	pthread_mutex_unlock(&l->lock);

	while (p) {
		struct post *next = p->next;
		p->call(p->arg);
		free(p);
		p = next;
	}
}

static void on_wake(uv_async_t *wake)
{
	struct loop *l = wake->data;

	run_posts(l);
	pthread_mutex_lock(&l->lock);
	bool stop = l->stop;
	l->stop = false;
	pthread_mutex_unlock(&l->lock);
	if (stop)
		uv_stop(&l->uv);
}

int loop_open(struct loop **ret)
{
	struct loop *l = calloc(1, sizeof *l);
	if (!l)
		return -ENOMEM;

	l->last = &l->first;
	TAILQ_INIT(&l->timers);
	TAILQ_INIT(&l->watches);
	TAILQ_INIT(&l->datagrams);
	int r = -pthread_mutex_init(&l->lock, NULL);
	if (r < 0)
		goto no_lock;
	r = uv_loop_init(&l->uv);
	if (r < 0)
		goto no_uv;
	r = uv_async_init(&l->uv, &l->wake, on_wake);
	if (r < 0)
		goto no_wake;
	l->wake.data = l;
	l->handles++;
	streams_open(l);
	*ret = l;
	return 0;

no_wake:
	uv_loop_close(&l->uv);
no_uv:
	pthread_mutex_destroy(&l->lock);
no_lock:
	free(l);
	return r;
}

int loop_run(struct loop *l)
{
	uv_run(&l->uv, UV_RUN_DEFAULT);
	return 0;
}

void loop_stop(struct loop *l)
{
	pthread_mutex_lock(&l->lock);
	l->stop = true;
	pthread_mutex_unlock(&l->lock);
	uv_async_send(&l->wake);
}

static void on_wake_closed(uv_handle_t *h)
{
	struct loop *l = h->data;
	l->handles--;
}

void loop_close(struct loop *l)
{
	if (!l)
		return;
	run_posts(l);
	streams_close(l);
	datagrams_close(l);
	for (struct loop_timer *t; (t = TAILQ_FIRST(&l->timers));)
		loop_timer_close(t);
	for (struct loop_watch *w; (w = TAILQ_FIRST(&l->watches));)
		loop_watch_close(w);
	uv_close((uv_handle_t *)&l->wake, on_wake_closed);
	while (l->handles > 0)
		uv_run(&l->uv, UV_RUN_ONCE);
	run_posts(l); /* what the close callbacks have posted */
	uv_loop_close(&l->uv);
	pthread_mutex_destroy(&l->lock);
	free(l->streams.buffer);
	free(l);
}

int loop_post(struct loop *l, void (*call)(void *arg), void *arg)
{
	struct post *p = malloc(sizeof *p);
	if (!p)
		return -ENOMEM;
	*p = (struct post){ .call = call, .arg = arg };

	pthread_mutex_lock(&l->lock);
	*l->last = p;
	l->last = &p->next;
	pthread_mutex_unlock(&l->lock);
	uv_async_send(&l->wake);
	return 0;
}

static void on_timer(uv_timer_t *uv)
{
	struct loop_timer *t = uv->data;
	t->call(t->arg);
}

int loop_alarm(struct loop *l, void (*call)(void *arg), void *arg, struct loop_timer **ret)
{
	struct loop_timer *t = malloc(sizeof *t);
	if (!t)
		return -ENOMEM;
	*t = (struct loop_timer){ .loop = l, .call = call, .arg = arg };
	uv_timer_init(&l->uv, &t->uv);
	t->uv.data = t;
	l->handles++;
	TAILQ_INSERT_TAIL(&l->timers, t, link);
	*ret = t;
	return 0;
}

void loop_timer_set(struct loop_timer *t, int64_t delay_ms)
{
	uv_timer_start(&t->uv, on_timer, (uint64_t)delay_ms, 0);
}

int loop_every(struct loop *l, int64_t period_ms, void (*call)(void *arg), void *arg, struct loop_timer **ret)
{
	struct loop_timer *t;
	int r = period_ms > 0 ? loop_alarm(l, call, arg, &t) : -EINVAL;

	if (r < 0)
		return r;
	uv_timer_start(&t->uv, on_timer, (uint64_t)period_ms, (uint64_t)period_ms);
	*ret = t;
	return 0;
}

static void on_timer_closed(uv_handle_t *h)
{
	struct loop_timer *t = h->data;
	t->loop->handles--;
	free(t);
}

void loop_timer_close(struct loop_timer *t)
{
	if (!t)
		return;
	TAILQ_REMOVE(&t->loop->timers, t, link);
	uv_close((uv_handle_t *)&t->uv, on_timer_closed);
}

static void on_watch(uv_poll_t *uv, int status, int events)
{
	struct loop_watch *w = uv->data;

	(void)status; /* an error is readable, too: the owner's read meets it */
	(void)events;
	w->call(w->arg);
}

static void on_watch_closed(uv_handle_t *h)
{
	struct loop_watch *w = h->data;
	w->loop->handles--;
	free(w);
}

int loop_watch(struct loop *l, int fd, void (*call)(void *arg), void *arg, struct loop_watch **ret)
{
	struct loop_watch *w = malloc(sizeof *w);
	if (!w)
		return -ENOMEM;
	*w = (struct loop_watch){ .loop = l, .call = call, .arg = arg };
	int r = uv_poll_init(&l->uv, &w->uv, fd);
	if (r < 0) {
		free(w);
		return r;
	}
	w->uv.data = w;
	l->handles++;
	TAILQ_INSERT_TAIL(&l->watches, w, link);
	r = uv_poll_start(&w->uv, UV_READABLE, on_watch);
	if (r < 0) {
		loop_watch_close(w);
		return r;
	}
	*ret = w;
	return 0;
}

void loop_watch_close(struct loop_watch *w)
{
	if (!w)
		return;
	TAILQ_REMOVE(&w->loop->watches, w, link);
	uv_close((uv_handle_t *)&w->uv, on_watch_closed);
}

int64_t loop_now_ms(const struct loop *l)
{
	return (int64_t)uv_now(&l->uv);
}

uv_loop_t *loop_uv(struct loop *l)
{
	return &l->uv;
}
