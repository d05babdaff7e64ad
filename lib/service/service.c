/*
 * service - start and end of a program
 *
 * The end is an epoll set of two: the signals, and an eventfd that service_stop() raises. Neither is drained before the
 * eventfd is raised, so the set stays readable once the end has begun, and any number of loops may watch it.
 */
#include "service/service.h"
#include "service/log.h"
#include "service/settings.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

enum { RUNNING = INT_MAX }; /* no reason to stop is that */

static int stop_set = -1, signals = -1, stopped = -1;
static atomic_int state = RUNNING; /* or the reason it ended for */

static enum log_level log_level;
static enum log_format { FORMAT_AUTO, FORMAT_JSON, FORMAT_TEXT } log_format;

static const char *level_setting(const char *text, void *target, int64_t min, int64_t max)
{
	static const char *const names[] = { "error", "warn", "info", "debug" };

	(void)min;
	(void)max;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (!strcmp(text, names[i])) {
			*(enum log_level *)target = (enum log_level)(i + LEVEL_ERROR);
			return NULL;
		}
	return "must be error, warn, info or debug";
}

static const char *format_setting(const char *text, void *target, int64_t min, int64_t max)
{
	static const char *const names[] = { [FORMAT_AUTO] = "auto", [FORMAT_JSON] = "json", [FORMAT_TEXT] = "text" };

	(void)min;
	(void)max;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (!strcmp(text, names[i])) {
			*(enum log_format *)target = (enum log_format)i;
			return NULL;
		}
	return "must be auto, json or text";
}

static const struct setting common[] = {
	{ "LOG_LEVEL", "info", level_setting, &log_level, "error, warn, info or debug" },
	{ "LOG_FORMAT", "auto", format_setting, &log_format, "json, text, or auto: text on a terminal" },
	{ 0 },
};

static int watch(int fd)
{
	struct epoll_event event = { .events = EPOLLIN };

	return fd < 0 || epoll_ctl(stop_set, EPOLL_CTL_ADD, fd, &event) ? -errno : 0;
}

static int take_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	int r = -pthread_sigmask(SIG_BLOCK, &set, NULL);
	if (r == 0 && signal(SIGPIPE, SIG_IGN) == SIG_ERR)
		r = -errno;
	if (r)
		return r;
	stop_set = epoll_create1(EPOLL_CLOEXEC);
	if (stop_set < 0)
		return -errno;
	signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	r = watch(signals);
	if (r)
		return r;
	stopped = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	return watch(stopped);
}

int service_settings(const struct service *s, int argc, char **argv)
{
	int r = settings_read(s, common, argc, argv);

	if (r == 0)
		log_open(s->name, log_level,
			log_format == FORMAT_AUTO ? !isatty(STDERR_FILENO) : log_format == FORMAT_JSON);
	return r;
}

int service_start(const struct service *s, int argc, char **argv)
{
	int r = service_settings(s, argc, argv);

	return r ? r : take_signals();
}

void service_stop(int reason)
{
	int running = RUNNING;

	if (!atomic_compare_exchange_strong(&state, &running, reason))
		return;
	/* Adding 1 to a counter that nobody else raises cannot fail. */
	if (stopped >= 0 && eventfd_write(stopped, 1))
		log_error("cannot signal the end", LOG_S("error", strerror(errno)));
}

static void name_signal(void)
{
	struct signalfd_siginfo info;

	if (read(signals, &info, sizeof info) == sizeof info)
		log_info("stopping", LOG_S("signal", info.ssi_signo == SIGTERM ? "SIGTERM" : "SIGINT"));
}

int service_wait(void)
{
	struct pollfd p = { .fd = stop_set, .events = POLLIN };

	while (poll(&p, 1, -1) < 0)
		if (errno != EINTR)
			return -errno;
	service_stop(0);
	name_signal();
	return atomic_load(&state);
}

bool service_stopping(void)
{
	struct pollfd p = { .fd = stop_set, .events = POLLIN };

	if (atomic_load(&state) == RUNNING && poll(&p, 1, 0) > 0)
		service_stop(0);
	return atomic_load(&state) != RUNNING;
}

int service_stop_fd(void)
{
	return stop_set;
}

static void *end(void *arg)
{
	struct timespec *left = arg;

	while (nanosleep(left, left) < 0 && errno == EINTR)
		;
	log_error("does not end by itself", LOG_S("error", "something that is being closed does not come back"));
	_exit(EXIT_FAILURE);
}

void service_end_within(int64_t ms)
{
	static struct timespec left; /* outlives the caller */
	pthread_t thread;

	left = (struct timespec){ .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };
	int r = pthread_create(&thread, NULL, end, &left);
	if (r == 0)
		pthread_detach(thread);
	else
		log_warn("the end is not watched", LOG_S("error", strerror(r)));
}

int service_exit(int r)
{
	if (r == SERVICE_E_USAGE)
		return 2;
	if (r < 0)
		log_error("fatal", LOG_S("error", strerror(-r)));
	return r == 0 || r == SERVICE_E_DONE ? EXIT_SUCCESS : EXIT_FAILURE;
}
