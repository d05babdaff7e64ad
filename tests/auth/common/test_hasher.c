#include "auth/common/hasher.h"
#include "service/log.h"
#include "tests/lib/unit.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

START_TEST(hash_and_verify)
{
	struct hasher *h;
	char text[HASHER_TEXT_SIZE], other[HASHER_TEXT_SIZE];
	bool same = false;

	ck_assert_int_eq(hasher_open(&h, 1, 0), 0);
	ck_assert_int_eq(hasher_hash(h, "correct horse battery", text), 0);
	ck_assert_int_eq(hasher_hash(h, "correct horse battery", other), 0);
	ck_assert_str_ne(text, other); /* salted */
	ck_assert_ptr_nonnull(strstr(text, "$argon2id$v=19$m=19456,t=2,p=1$"));
	ck_assert_int_eq(hasher_verify(h, text, "correct horse battery", &same), 0);
	ck_assert(same);
	ck_assert_int_eq(hasher_verify(h, text, "correct horse batterx", &same), 0);
	ck_assert(!same);
	same = true;
	ck_assert_int_eq(hasher_verify(h, NULL, "correct horse battery", &same), 0);
	ck_assert(!same);
	ck_assert_int_eq(hasher_verify(h, "not a hash", "correct horse battery", &same), -EBADMSG);
	hasher_close(h);
}
END_TEST

/* ---- how many at once: the linker puts this in libsodium's place ---- */

static atomic_int running, most;

int __real_crypto_pwhash_argon2id_str_verify(const char *text, const char *password, unsigned long long len);
int __wrap_crypto_pwhash_argon2id_str_verify(const char *text, const char *password, unsigned long long len);

int __wrap_crypto_pwhash_argon2id_str_verify(const char *text, const char *password, unsigned long long len)
{
	int n = atomic_fetch_add(&running, 1) + 1, before = atomic_load(&most);

	while (n > before && !atomic_compare_exchange_weak(&most, &before, n))
		;
	int r = __real_crypto_pwhash_argon2id_str_verify(text, password, len);
	atomic_fetch_sub(&running, 1);
	return r;
}

enum { THREADS = 12 };

static struct hasher *shared;
static atomic_int served, busy;

static void *verify(void *arg)
{
	bool same;
	int r = hasher_verify(shared, NULL, "a password of somebody", &same);

	(void)arg;
	atomic_fetch_add(r == 0 ? &served : &busy, r == 0 || r == HASHER_E_BUSY);
	return NULL;
}

static void verify_in_threads(int64_t at_once, int64_t waiting_max)
{
	pthread_t threads[THREADS];

	atomic_store(&served, 0);
	atomic_store(&busy, 0);
	atomic_store(&most, 0);
	ck_assert_int_eq(hasher_open(&shared, at_once, waiting_max), 0);
	for (int i = 0; i < THREADS; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, verify, NULL), 0);
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	hasher_close(shared);
	ck_assert_int_eq(served + busy, THREADS);
}

START_TEST(those_that_fit_are_all_served)
{
	verify_in_threads(2, THREADS - 2);
	ck_assert_int_eq(served, THREADS);
}
END_TEST

START_TEST(so_many_run_and_no_more)
{
	verify_in_threads(3, THREADS);
	ck_assert_int_eq(served, THREADS);
	ck_assert_int_ge(most, 1);
	ck_assert_int_le(most, 3);
	verify_in_threads(1, THREADS);
	ck_assert_int_eq(most, 1);
}
END_TEST

START_TEST(too_many_are_told_so)
{
	verify_in_threads(1, 1);
	ck_assert_int_ge(served, 2); /* one that runs and one that waits, at least */
	ck_assert_int_gt(busy, 0);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("auth/common/hasher");
	TCase *t = tcase_create("hasher");

	tcase_set_timeout(t, 60);
	tcase_add_test(t, hash_and_verify);
	tcase_add_test(t, those_that_fit_are_all_served);
	tcase_add_test(t, so_many_run_and_no_more);
	tcase_add_test(t, too_many_are_told_so);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(suite)
