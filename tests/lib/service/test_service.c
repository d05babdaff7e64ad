#include "service/service.h"
#include "tests/lib/service/capture.h"
#include "tests/lib/unit.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void start(void)
{
	static const struct setting none[] = { { 0 } };
	char name[] = "p", *argv[] = { name, NULL };

	ck_assert_int_eq(service_start(&(struct service){ "p", "s", none }, 1, argv), 0);
}

static bool readable(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	return poll(&p, 1, 0) == 1;
}

START_TEST(a_signal_ends_the_wait)
{
	static const int signals[] = { SIGTERM, SIGINT };

	start();
	ck_assert(!service_stopping());
	ck_assert(!readable(service_stop_fd()));
	capture_begin(2);
	kill(getpid(), signals[_i]);
	ck_assert(readable(service_stop_fd()));
	ck_assert_int_eq(service_wait(), 0);
	ck_assert_ptr_nonnull(strstr(capture_end(2), _i ? "\"signal\":\"SIGINT\"" : "\"signal\":\"SIGTERM\""));
	ck_assert(service_stopping());
	ck_assert(readable(service_stop_fd())); /* for loops that look later */
}
END_TEST

START_TEST(a_signal_is_seen_without_waiting)
{
	start();
	kill(getpid(), SIGTERM);
	ck_assert(service_stopping());
	ck_assert(readable(service_stop_fd()));
}
END_TEST

static void *stopper(void *arg)
{
	service_stop(*(int *)arg);
	service_stop(-EINVAL); /* the first counts */
	return NULL;
}

START_TEST(a_thread_ends_the_wait)
{
	int reason = _i ? -EIO : 0;
	pthread_t thread;

	start();
	ck_assert_int_eq(pthread_create(&thread, NULL, stopper, &reason), 0);
	ck_assert_int_eq(service_wait(), reason);
	pthread_join(thread, NULL);
	ck_assert_int_eq(service_wait(), reason);
}
END_TEST

static void *blocked(void *arg)
{
	sigset_t *set = arg;

	pthread_sigmask(SIG_BLOCK, NULL, set);
	return NULL;
}

START_TEST(threads_are_not_interrupted)
{
	pthread_t thread;
	sigset_t set;

	start();
	ck_assert_int_eq(pthread_create(&thread, NULL, blocked, &set), 0);
	pthread_join(thread, NULL);
	ck_assert(sigismember(&set, SIGTERM));
	ck_assert(sigismember(&set, SIGINT));
}
END_TEST

START_TEST(a_closed_pipe_is_an_error_not_the_end)
{
	int fds[2];

	start();
	ck_assert_int_eq(pipe(fds), 0);
	close(fds[0]);
	ck_assert_int_eq(write(fds[1], "x", 1), -1);
	ck_assert_int_eq(errno, EPIPE);
	close(fds[1]);
}
END_TEST

START_TEST(exit_status)
{
	ck_assert_int_eq(service_exit(0), 0);
	ck_assert_int_eq(service_exit(SERVICE_E_DONE), 0);
	ck_assert_int_eq(service_exit(SERVICE_E_USAGE), 2);
	ck_assert_int_eq(service_exit(77), 1);
	capture_begin(2);
	ck_assert_int_eq(service_exit(-ENOSPC), 1);
	ck_assert_ptr_nonnull(strstr(capture_end(2), "\"event\":\"fatal\",\"error\":\"No space left on device\""));
}
END_TEST

/* Ends with 1, which Check looks for. */
START_TEST(an_end_that_takes_too_long_is_made)
{
	start();
	service_end_within(10);
	for (;;)
		pause();
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("service");
	TCase *c = tcase_create("service");

	tcase_add_loop_test(c, a_signal_ends_the_wait, 0, 2);
	tcase_add_test(c, a_signal_is_seen_without_waiting);
	tcase_add_loop_test(c, a_thread_ends_the_wait, 0, 2);
	tcase_add_test(c, threads_are_not_interrupted);
	tcase_add_test(c, a_closed_pipe_is_an_error_not_the_end);
	tcase_add_test(c, exit_status);
	tcase_add_exit_test(c, an_end_that_takes_too_long_is_made, EXIT_FAILURE);
	suite_add_tcase(s, c);
	return s;
}

UNIT_MAIN(suite)
