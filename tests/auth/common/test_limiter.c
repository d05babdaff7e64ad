#include "auth/common/limiter.h"
#include "tests/lib/unit.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

enum { S = 1000, MINUTE = 60 * S, HOUR = 60 * MINUTE };

static struct limiter *l;
static enum limiter_kind kind;

/* Log-ins: 60 a minute and address, 10 at once; 60 an hour and account, 20 at once. */
static struct limiter_options usual(void)
{
	struct limiter_options o = {
		.entries = 1024, .failure_cost = 5, .backoff_ms = S, .backoff_max_ms = 5 * MINUTE, .known_ms = 24 * HOUR
	};

	o.limits[AUTH_LIMIT_LOGIN][LIMITER_ADDRESS] = (struct limit){ 60, MINUTE, 10 };
	o.limits[AUTH_LIMIT_LOGIN][LIMITER_ACCOUNT] = (struct limit){ 60, HOUR, 20 };
	return o;
}

static void open_with(struct limiter_options o)
{
	ck_assert_int_eq(limiter_open(&l, &o), 0);
}

static void setup(void)
{
	open_with(usual());
}

/* Accounts are limited, addresses are not. */
static struct limiter_options accounts_only(void)
{
	struct limiter_options o = usual();

	o.limits[AUTH_LIMIT_LOGIN][LIMITER_ADDRESS].n = 0;
	return o;
}

static void setup_accounts(void)
{
	open_with(accounts_only());
}

static void teardown(void)
{
	limiter_close(l);
	l = NULL;
}

static struct limiter_who at(const char *address, const char *account)
{
	struct limiter_who w = { .what = AUTH_LIMIT_LOGIN, .account = account };

	ck_assert_int_eq(address_parse(&w.address, address), 0);
	return w;
}

static int64_t admit(const char *address, const char *account, int64_t now)
{
	struct limiter_who w = at(address, account);

	return limiter_admit(l, &w, now, &kind);
}

/* An attempt that is let in and fails; else how long it must wait. */
static int64_t guess(const char *address, const char *account, int64_t now)
{
	struct limiter_who w = at(address, account);
	int64_t wait = limiter_admit(l, &w, now, &kind);

	if (wait == 0)
		limiter_failed(l, &w, now);
	return wait;
}

static void succeed(const char *address, const char *account, int64_t now)
{
	struct limiter_who w = at(address, account);

	limiter_succeeded(l, &w, now);
}

/* How many are let in one after another. */
static int count_admitted(const char *address, const char *account, int64_t now)
{
	int n = 0;

	while (n < 1000 && admit(address, account, now) == 0)
		n++;
	return n;
}

#define HERE "192.0.2.1"
#define ELSEWHERE "198.51.100.1"

/* Fails at @account from ever new addresses until it is refused. */
static int attack(const char *account, int64_t now)
{
	int n = 0;
	char address[32];

	for (; n < 1000; n++) {
		snprintf(address, sizeof address, "203.0.%d.%d", n / 200, n % 200);
		if (guess(address, account, now))
			break;
	}
	return n;
}

/* ---- one bucket ---- */

START_TEST(a_burst_and_then_the_rate)
{
	ck_assert_int_eq(count_admitted(HERE, NULL, 0), 10);
	ck_assert_int_eq(admit(HERE, NULL, 0), S);
	ck_assert_int_eq(kind, LIMITER_ADDRESS);
	ck_assert_int_eq(admit(HERE, NULL, S - 1), 1);
	ck_assert_int_eq(admit(HERE, NULL, S), 0);
	ck_assert_int_eq(admit(HERE, NULL, S), S);
	ck_assert_int_eq(count_admitted(HERE, NULL, 4 * S), 3);
	ck_assert_int_eq(count_admitted(HERE, NULL, HOUR), 10); /* never more than the burst */
}
END_TEST

START_TEST(who_is_refused_pays_nothing)
{
	ck_assert_int_eq(count_admitted(HERE, NULL, 0), 10);
	for (int i = 0; i < 100; i++)
		ck_assert_int_eq(admit(HERE, NULL, 0), S);
	ck_assert_int_eq(admit(HERE, NULL, S), 0);
}
END_TEST

START_TEST(what_was_not_tried_is_given_back)
{
	struct limiter_who w = at(HERE, "a");

	for (int i = 0; i < 100; i++) {
		ck_assert_int_eq(limiter_admit(l, &w, 0, &kind), 0);
		limiter_refund(l, &w, 0);
	}
	ck_assert_int_eq(count_admitted(HERE, "b", 0), 10);
}
END_TEST

START_TEST(every_address_has_its_own)
{
	ck_assert_int_eq(count_admitted(HERE, NULL, 0), 10);
	ck_assert_int_eq(count_admitted("192.0.2.2", NULL, 0), 10);
	ck_assert_int_eq(count_admitted("2001:db8:0:1::1", NULL, 0), 10);
	ck_assert_int_eq(count_admitted("2001:db8:0:2::1", NULL, 0), 10);
}
END_TEST

START_TEST(an_ipv6_network_of_64_bits_is_one)
{
	ck_assert_int_eq(count_admitted("2001:db8:0:1::1", NULL, 0), 10);
	ck_assert_int_eq(admit("2001:db8:0:1:ffff:ffff:ffff:ffff", NULL, 0), S);
	ck_assert_int_eq(count_admitted(HERE, NULL, 0), 10);
	ck_assert_int_eq(admit("::ffff:" HERE, NULL, 0), S); /* the same address, said in IPv6 */
	ck_assert_int_eq(admit("::ffff:192.0.2.9", NULL, 0), 0);
}
END_TEST

START_TEST(every_limit_has_its_own)
{
	struct limiter_who w = at(HERE, "a");

	ck_assert_int_eq(count_admitted(HERE, "a", 0), 10);
	for (int what = 0; what < AUTH_LIMITS; what++) { /* the others are switched off */
		w.what = (enum auth_limit)what;
		for (int i = 0; what != AUTH_LIMIT_LOGIN && i < 1000; i++) {
			ck_assert_int_eq(limiter_admit(l, &w, 0, &kind), 0);
			limiter_failed(l, &w, 0);
		}
	}
}
END_TEST

START_TEST(a_service_pays_for_failures_only)
{
	struct limiter_options o = usual();

	teardown();
	o.limits[AUTH_LIMIT_CLIENT][LIMITER_ADDRESS] = (struct limit){ 60, MINUTE, 10 };
	open_with(o);
	struct limiter_who w = at(HERE, "query");
	w.what = AUTH_LIMIT_CLIENT;
	for (int i = 0; i < 1000; i++)
		ck_assert_int_eq(limiter_admit(l, &w, 0, &kind), 0);
	for (int i = 0; i < 2; i++)
		limiter_failed(l, &w, 0);
	ck_assert_int_eq(limiter_admit(l, &w, 0, &kind), S);
}
END_TEST

/* ---- failures ---- */

START_TEST(a_failure_costs_more)
{
	for (int i = 0; i < 2; i++)
		ck_assert_int_eq(guess(HERE, NULL, 0), 0);
	ck_assert_int_eq(admit(HERE, NULL, 0), S);
	ck_assert_int_eq(kind, LIMITER_ADDRESS);
}
END_TEST

START_TEST(failures_back_off_up_to_a_cap)
{
	struct limiter_options o = accounts_only();
	int64_t now = 0, wait, last = 0;

	teardown();
	o.limits[AUTH_LIMIT_LOGIN][LIMITER_ACCOUNT] = (struct limit){ 1000000, S, 1000000 };
	open_with(o);
	for (int i = 0; i < 5; i++)
		ck_assert_int_eq(guess(HERE, "a", now), 0);
	ck_assert_int_eq(guess(HERE, "a", now), 0); /* the sixth */
	for (int64_t expected = S; expected < 5 * MINUTE; expected *= 2) {
		wait = admit(HERE, "a", now);
		ck_assert_int_eq(wait, expected);
		ck_assert_int_eq(kind, LIMITER_ACCOUNT);
		ck_assert_int_eq(admit(HERE, "a", now + wait - 1), 1);
		now += wait;
		ck_assert_int_eq(guess(HERE, "a", now), 0);
		last = expected;
	}
	ck_assert_int_eq(last, 256 * S);
	for (int i = 0; i < 100; i++) { /* the slate is not clean when a shutting ends */
		ck_assert_int_eq(admit(HERE, "a", now), 5 * MINUTE);
		now += 5 * MINUTE;
		ck_assert_int_eq(guess(HERE, "a", now), 0);
	}
	now += 10 * MINUTE; /* but after a quiet time it is */
	for (int i = 0; i < 5; i++)
		ck_assert_int_eq(guess(HERE, "a", now), 0);
	ck_assert_int_eq(admit(HERE, "a", now), 0);
}
END_TEST

START_TEST(debt_is_bounded)
{
	struct limiter_who w = at(HERE, "a");

	for (int i = 0; i < 1000; i++) /* all at once, let in before the first of them failed */
		limiter_failed(l, &w, 0);
	ck_assert_int_le(admit(HERE, NULL, 0), 5 * MINUTE);
	ck_assert_int_eq(admit(ELSEWHERE, "a", 0), 21 * MINUTE); /* its burst, and a token */
}
END_TEST

/* OWASP ASVS 4.0.3, 2.2.1: no more than 100 failed attempts an hour at one account. */
START_TEST(a_guesser_with_many_addresses_has_few_guesses)
{
	struct limiter_options o = usual();
	int guesses = 0;

	teardown();
	o.limits[AUTH_LIMIT_LOGIN][LIMITER_ACCOUNT].burst = 30; /* the default */
	open_with(o);
	for (int64_t now = 0; now < HOUR; now += S)
		guesses += attack("victim@example.org", now);
	ck_assert_int_gt(guesses, 3);
	ck_assert_int_le(guesses, 20);
}
END_TEST

START_TEST(unknown_accounts_are_treated_alike)
{
	ck_assert_int_eq(attack("owner@example.org", 0), attack("nobody@example.org", 0));
	ck_assert_int_eq(admit(HERE, "owner@example.org", 0), admit(HERE, "nobody@example.org", 0));
}
END_TEST

/* ---- success ---- */

START_TEST(success_restores)
{
	succeed(HERE, "a", 0);
	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(guess(HERE, "a", 0), 0);
	succeed(HERE, "a", 0);
	ck_assert_int_eq(count_admitted(HERE, "a", 0), 20 - 3); /* less what three attempts cost anybody */
}
END_TEST

/* Log-ins that go well are no failures: they do not use up what the account has for those. */
START_TEST(success_elsewhere_costs_the_account_nothing)
{
	char address[32];

	for (int i = 0; i < 100; i++) {
		snprintf(address, sizeof address, "203.0.113.%d", i);
		ck_assert_int_eq(admit(address, "a", 0), 0);
		succeed(address, "a", 0);
	}
	ck_assert_int_eq(count_admitted(HERE, "a", 0), 20);
}
END_TEST

START_TEST(an_account_of_ones_own_washes_no_address_clean)
{
	int failures = 0;

	succeed(HERE, "mine@example.org", 0);
	for (int i = 0; i < 100; i++) {
		char account[32];
		snprintf(account, sizeof account, "victim%d@example.org", i);
		failures += guess(HERE, account, 0) == 0;
		if (admit(HERE, "mine@example.org", 0) == 0)
			succeed(HERE, "mine@example.org", 0);
	}
	ck_assert_int_eq(failures, 2);
}
END_TEST

START_TEST(the_owner_is_not_locked_out_where_he_is_known)
{
	succeed(HERE, "owner@example.org", 0);
	ck_assert_int_gt(attack("owner@example.org", MINUTE), 3);
	ck_assert_int_gt(admit(ELSEWHERE, "owner@example.org", MINUTE), 0);
	ck_assert_int_eq(kind, LIMITER_ACCOUNT);
	ck_assert_int_eq(admit(HERE, "owner@example.org", MINUTE), 0);
}
END_TEST

/* Nor by a neighbour, who uses up what their common address has. */
START_TEST(the_owner_is_not_locked_out_by_a_neighbour)
{
	succeed(HERE, "owner@example.org", 0);
	while (guess(HERE, "neighbour@example.org", MINUTE) == 0)
		;
	ck_assert_int_eq(admit(HERE, "owner@example.org", MINUTE), 0);
	ck_assert_int_gt(admit(HERE, "other@example.org", MINUTE), 0);
}
END_TEST

START_TEST(being_known_has_its_own_limit)
{
	int n = 0;

	succeed(HERE, "owner@example.org", 0);
	while (n < 1000 && guess(HERE, "owner@example.org", 0) == 0)
		n++;
	ck_assert_int_eq(n, 4); /* 20 tokens, 5 each */
	ck_assert_int_eq(attack("owner@example.org", 0), 4); /* and the account still has all of its own */
}
END_TEST

START_TEST(being_known_ends)
{
	succeed(HERE, "owner@example.org", 0);
	attack("owner@example.org", 24 * HOUR);
	ck_assert_int_gt(admit(HERE, "owner@example.org", 24 * HOUR), 0);
}
END_TEST

START_TEST(another_limit_does_not_make_known)
{
	struct limiter_who w = at(HERE, "owner@example.org");

	w.what = AUTH_LIMIT_CODE;
	limiter_succeeded(l, &w, 0);
	attack("owner@example.org", 0);
	ck_assert_int_gt(admit(HERE, "owner@example.org", 0), 0);
}
END_TEST

START_TEST(known_can_be_switched_off)
{
	struct limiter_options o = usual();

	teardown();
	o.known_ms = 0;
	open_with(o);
	succeed(HERE, "owner@example.org", 0);
	attack("owner@example.org", 0);
	ck_assert_int_gt(admit(HERE, "owner@example.org", 0), 0);
}
END_TEST

/* ---- memory ---- */

enum { FLOOD = 20000 };

/* Whoever fills the table with buckets of one attempt each does not get the bucket of an account under attack out. */
START_TEST(a_flood_does_not_reset_an_account_under_attack)
{
	char account[32];

	attack("victim@example.org", 0);
	ck_assert_int_gt(admit(HERE, "victim@example.org", 0), 0);
	for (int i = 0; i < FLOOD; i++) {
		snprintf(account, sizeof account, "flood%d@example.org", i);
		ASSERT_IN_LOOP(admit(HERE, account, 0) == 0);
	}
	ck_assert_double_gt(limiter_pushed_out(l), FLOOD - 2000);
	ck_assert_int_gt(admit(HERE, "victim@example.org", 0), 0);
}
END_TEST

START_TEST(what_is_whole_again_gives_way_for_nothing)
{
	char account[32];

	for (int i = 0; i < FLOOD; i++) {
		snprintf(account, sizeof account, "user%d@example.org", i);
		ASSERT_IN_LOOP(admit(HERE, account, i * (int64_t)MINUTE) == 0);
	}
	ck_assert_double_eq(limiter_pushed_out(l), 0);
}
END_TEST

/* One account that logs in from everywhere does not make everybody else unknown. */
START_TEST(one_account_pushes_out_few_of_those_known)
{
	char text[48];
	int known = 0;

	for (int i = 0; i < 100; i++) {
		snprintf(text, sizeof text, "owner%d@example.org", i);
		succeed(HERE, text, i);
	}
	for (int i = 0; i < FLOOD; i++) {
		snprintf(text, sizeof text, "2001:db8:%x:%x::1", i >> 16, i & 0xFFFF);
		succeed(text, "attacker@example.org", 1000 + i);
	}
	for (int i = 0; i < 100; i++) {
		snprintf(text, sizeof text, "owner%d@example.org", i);
		attack(text, 2000);
		known += admit(HERE, text, 2000) == 0;
	}
	ck_assert_int_ge(known, 80);
}
END_TEST

/* ---- threads ---- */

enum { THREADS = 8, EACH = 500 };

static atomic_int let_in;

static void *try_many(void *arg)
{
	struct limiter_who w = at(HERE, "a");
	enum limiter_kind k;

	(void)arg;
	for (int i = 0; i < EACH; i++) {
		if (limiter_admit(l, &w, 0, &k) == 0)
			atomic_fetch_add(&let_in, 1);
		w.what = AUTH_LIMIT_REFRESH;
		limiter_succeeded(l, &w, 0);
		limiter_failed(l, &w, 0);
		limiter_refund(l, &w, 0);
		w.what = AUTH_LIMIT_LOGIN;
	}
	return NULL;
}

START_TEST(threads_share_it)
{
	pthread_t threads[THREADS];

	atomic_store(&let_in, 0);
	for (int i = 0; i < THREADS; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, try_many, NULL), 0);
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	ck_assert_int_eq(let_in, 20);
}
END_TEST

/* ---- settings ---- */

static const struct {
	const char *text;
	struct limit limit;
} good[] = {
	{ "0", { 0, 0, 0 } },
	{ "1/1s", { 1, S, 1 } },
	{ "30/1m", { 30, MINUTE, 30 } },
	{ "30/1m burst 60", { 30, MINUTE, 60 } },
	{ "1000000/1d burst 1000000", { 1000000, 24 * HOUR, 1000000 } },
};

START_TEST(a_limit_is_read)
{
	struct limit limit;

	ck_assert_ptr_null(limit_setting(good[_i].text, &limit, 0, 0));
	ck_assert_int_eq(limit.n, good[_i].limit.n);
	ck_assert_int_eq(limit.period_ms, good[_i].limit.period_ms);
	ck_assert_int_eq(limit.burst, good[_i].limit.burst);
}
END_TEST

static const char *const bad[] = { "", "30", "0/1m", "-1/1m", "30/", "30/1", "30/0s", "30/2d", "30/1m burst 0",
	"30/1m burst", "30/1m burst x", "30/1mburst 60", "1000001/1m", "30/1m burst 1000001", "/1m", "x/1m",
	"30/000000000000000000001m", " 30/1m" };

START_TEST(no_limit)
{
	struct limit limit = { .n = 77 };

	ck_assert_msg(limit_setting(bad[_i], &limit, 0, 0) != NULL, "%s", bad[_i]);
	ck_assert_int_eq(limit.n, 77);
}
END_TEST

#define LENGTH(a) ((int)(sizeof(a) / sizeof *(a)))

static TCase *with_addresses(void)
{
	TCase *t = tcase_create("addresses and accounts");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, a_burst_and_then_the_rate);
	tcase_add_test(t, who_is_refused_pays_nothing);
	tcase_add_test(t, what_was_not_tried_is_given_back);
	tcase_add_test(t, every_address_has_its_own);
	tcase_add_test(t, an_ipv6_network_of_64_bits_is_one);
	tcase_add_test(t, every_limit_has_its_own);
	tcase_add_test(t, a_service_pays_for_failures_only);
	tcase_add_test(t, a_failure_costs_more);
	tcase_add_test(t, debt_is_bounded);
	tcase_add_test(t, a_guesser_with_many_addresses_has_few_guesses);
	tcase_add_test(t, unknown_accounts_are_treated_alike);
	tcase_add_test(t, an_account_of_ones_own_washes_no_address_clean);
	tcase_add_test(t, the_owner_is_not_locked_out_where_he_is_known);
	tcase_add_test(t, the_owner_is_not_locked_out_by_a_neighbour);
	tcase_add_test(t, being_known_has_its_own_limit);
	tcase_add_test(t, being_known_ends);
	tcase_add_test(t, another_limit_does_not_make_known);
	tcase_add_test(t, known_can_be_switched_off);
	return t;
}

static TCase *with_accounts_only(void)
{
	TCase *t = tcase_create("accounts");

	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, setup_accounts, teardown);
	tcase_add_test(t, failures_back_off_up_to_a_cap);
	tcase_add_test(t, success_restores);
	tcase_add_test(t, success_elsewhere_costs_the_account_nothing);
	tcase_add_test(t, a_flood_does_not_reset_an_account_under_attack);
	tcase_add_test(t, what_is_whole_again_gives_way_for_nothing);
	tcase_add_test(t, one_account_pushes_out_few_of_those_known);
	tcase_add_test(t, threads_share_it);
	return t;
}

static Suite *suite(void)
{
	Suite *s = suite_create("auth/common/limiter");
	TCase *settings = tcase_create("settings");

	suite_add_tcase(s, with_addresses());
	suite_add_tcase(s, with_accounts_only());
	tcase_add_loop_test(settings, a_limit_is_read, 0, LENGTH(good));
	tcase_add_loop_test(settings, no_limit, 0, LENGTH(bad));
	suite_add_tcase(s, settings);
	return s;
}

UNIT_MAIN(suite)
