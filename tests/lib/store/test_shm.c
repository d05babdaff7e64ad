/* Source: lib/store/shm.c. Check runs a test in a child: the process that loaded the library is its parent. */
#include "store/store.h"
#include "tests/lib/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

static bool leaves_file(pid_t pid)
{
	char path[64];

	snprintf(path, sizeof path, "/dev/shm/mongoc-%d", pid);
	return access(path, F_OK) == 0;
}

START_TEST(the_driver_leaves_no_file)
{
	struct store *s;

	ck_assert(!leaves_file(getpid()));
	ck_assert(!leaves_file(getppid()));
	ck_assert_int_eq(store_open(&s, &(struct store_options){ .uri = "mongodb://127.0.0.1:1/x" }), 0);
	ck_assert(!leaves_file(getpid()));
	store_close(s);
}
END_TEST

START_TEST(its_counters_are_memory)
{
	int fd = shm_open("/mongoc-1", O_CREAT | O_EXCL | O_RDWR, 0600);
	int again = shm_open("/mongoc-1", O_CREAT | O_EXCL | O_RDWR, 0600);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_ge(again, 0); /* what another process 1 has left does not matter */
	ck_assert_int_eq(ftruncate(fd, 4096), 0);
	ck_assert(!leaves_file(1));
	close(fd);
	close(again);
}
END_TEST

START_TEST(others_have_theirs)
{
	char name[64];

	snprintf(name, sizeof name, "/pettrack-test-%d", getpid());
	ck_assert_int_eq(shm_open(name, O_RDWR, 0600), -1);
	ck_assert_int_eq(errno, ENOENT);
	int fd = shm_open(name, O_CREAT | O_EXCL | O_RDWR, 0600);
	ck_assert_int_ge(fd, 0);
	close(fd);
	ck_assert_int_eq(shm_unlink(name), 0);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("shm");
	TCase *c = tcase_create("shm");

	tcase_add_test(c, the_driver_leaves_no_file);
	tcase_add_test(c, its_counters_are_memory);
	tcase_add_test(c, others_have_theirs);
	suite_add_tcase(s, c);
	return s;
}

UNIT_MAIN(suite)
