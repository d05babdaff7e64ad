#include "base/clock.h"
#include "cli/session.h"
#include "cli/session_file.h"
#include "tests/cli/auth.h"
#include "tests/cli/home.h"
#include "tests/lib/unit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static struct auth auth;

static void set_up(void)
{
	home_begin();
	ck_assert_int_eq(auth_open(&auth), 0);
}

static void tear_down(void)
{
	auth_close(&auth);
	home_end();
}

static struct session *log_in_for_once(void)
{
	struct session *s;

	ck_assert_int_eq(session_login(&s, auth.url, "a@example.org", "correct horse battery"), 0);
	return s;
}

static struct session *log_in(void)
{
	struct session *s = log_in_for_once();

	ck_assert_int_eq(session_keep(s), 0);
	return s;
}

static unsigned mode_of(const char *path)
{
	struct stat st;

	ck_assert_int_eq(stat(path, &st), 0);
	return st.st_mode & 0777;
}

START_TEST(logging_in_is_kept_for_the_user_only)
{
	struct session *s;
	const char *token;

	ck_assert_int_eq(session_open(&s), SESSION_E_NONE);
	ck_assert_ptr_nonnull(strstr(session_error(SESSION_E_NONE), "pettrack login"));
	ck_assert_int_eq(session_register(auth.url, "a@example.org", "correct horse battery", NULL, NULL), 0);
	ck_assert_int_eq(auth.registered, 1);
	session_close(log_in());
	ck_assert_uint_eq(mode_of(home_path("session.json")), 0600);
	ck_assert_uint_eq(mode_of(home_path("")), 0700);

	ck_assert_int_eq(session_open(&s), 0);
	ck_assert_str_eq(session_email(s), "a@example.org");
	ck_assert_int_eq(session_token(s, &token), 0);
	ck_assert_str_eq(token, "access-1");
	session_close(s);
	ck_assert_int_eq(auth.refreshes, 0);
	ck_assert_int_eq(auth.logouts, 0);
}
END_TEST

/* As in a container: nothing may be written, and nobody is there to log in again. */
START_TEST(one_that_is_not_kept)
{
	struct session *s;
	const char *token;

	setenv("XDG_CONFIG_HOME", "/proc/nowhere", 1);
	auth.expires_in = 30;
	s = log_in_for_once();
	ck_assert_int_eq(session_token(s, &token), 0);
	ck_assert_str_eq(token, "access-2"); /* refreshed */
	ck_assert_int_eq(auth.refreshes, 1);
	auth.ended = true;
	auth.expires_in = 900;
	ck_assert_int_eq(session_token(s, &token), 0);
	ck_assert_str_eq(token, "access-3"); /* logged in again */
	ck_assert_int_eq(auth.logins, 2);
	auth.revoked = auth.ended = true;
	ck_assert_int_eq(session_call(s, "GET", "/v1/devices", NULL, NULL), 0);
	ck_assert_int_eq(auth.logins, 3);
	ck_assert_int_lt(session_keep(s), 0);
	session_close(s);
	ck_assert_int_eq(auth.logouts, 1);
}
END_TEST

START_TEST(a_wrong_password)
{
	struct session *s;

	ck_assert_int_eq(session_login(&s, auth.url, "a@example.org", "wrong"), SESSION_E_DENIED);
	ck_assert_ptr_nonnull(strstr(session_error(SESSION_E_DENIED), "no such user"));
	ck_assert_int_eq(session_open(&s), SESSION_E_NONE);
}
END_TEST

START_TEST(a_token_near_its_end_is_renewed_and_kept)
{
	struct session *s;
	const char *token;

	auth.expires_in = 30; /* less than the minute that a token must be good for */
	s = log_in();
	auth.expires_in = 900;
	ck_assert_int_eq(session_token(s, &token), 0);
	ck_assert_str_eq(token, "access-2");
	ck_assert_int_eq(session_token(s, &token), 0);
	ck_assert_int_eq(auth.refreshes, 1);
	session_close(s);
	ck_assert_int_eq(session_open(&s), 0);
	ck_assert_int_eq(session_token(s, &token), 0);
	ck_assert_str_eq(token, "access-2");
	session_close(s);
}
END_TEST

/* Two that opened the same session: the second finds what the first has fetched, and spends no refresh token twice. */
START_TEST(commands_share_what_one_has_renewed)
{
	struct session *a, *b;
	const char *token;

	auth.expires_in = 30;
	session_close(log_in());
	ck_assert_int_eq(session_open(&a), 0);
	ck_assert_int_eq(session_open(&b), 0);
	auth.expires_in = 900;
	ck_assert_int_eq(session_token(a, &token), 0);
	ck_assert_int_eq(session_token(b, &token), 0);
	ck_assert_str_eq(token, "access-2");
	ck_assert_int_eq(auth.refreshes, 1);
	session_close(a);
	session_close(b);
}
END_TEST

START_TEST(many_at_once_renew_once)
{
	pid_t children[6];
	int status, failed = 0;

	auth.expires_in = 30;
	session_close(log_in());
	auth.expires_in = 900;
	for (int i = 0; i < 6; i++) {
		children[i] = fork();
		if (children[i] == 0) {
			struct session *s;
			const char *token;
			_exit(session_open(&s) || session_token(s, &token) || strcmp(token, "access-2") != 0);
		}
	}
	for (int i = 0; i < 6; i++) {
		waitpid(children[i], &status, 0);
		failed += status != 0;
	}
	ck_assert_int_eq(failed, 0);
	ck_assert_int_eq(auth.refreshes, 1);
}
END_TEST

START_TEST(a_revoked_token_is_renewed_once)
{
	struct session *s = log_in();
	json_t *answer = NULL;

	auth.revoked = true;
	ck_assert_int_eq(session_call(s, "GET", "/v1/devices", NULL, &answer), 0);
	json_decref(answer);
	ck_assert_int_eq(auth.refreshes, 1);
	auth.revoked = auth.ended = true;
	ck_assert_int_eq(session_call(s, "GET", "/v1/devices", NULL, NULL), SESSION_E_DENIED);
	ck_assert_str_eq(strstr(session_error(SESSION_E_DENIED), "This session has ended.") ? "said" : "", "said");
	session_close(s);
}
END_TEST

START_TEST(results)
{
	struct session *s = log_in();

	ck_assert_int_eq(session_call(s, "DELETE", "/v1/devices/no", NULL, NULL), SESSION_E_MISSING);
	auth.conflicts = 1;
	json_t *body = json_pack("{s:s}", "name", "x");
	ck_assert_int_eq(session_call(s, "POST", "/v1/devices", body, NULL), SESSION_E_CONFLICT);
	json_decref(body);
	auth.busy = true;
	ck_assert_int_eq(session_call(s, "GET", "/v1/devices", NULL, NULL), SESSION_E_RETRY);
	session_close(s);
}
END_TEST

/* ---- the file ---- */

START_TEST(a_file_that_is_not_ours)
{
	struct session_data d;
	struct session *s;

	session_close(log_in());
	FILE *f = fopen(home_path("session.json"), "w");
	fputs(_i ? "{\"auth_url\":\"x\"}" : "not json", f);
	fclose(f);
	ck_assert_int_eq(session_file_load(&d), -EINVAL);
	ck_assert_int_eq(session_open(&s), -EINVAL);
}
END_TEST

START_TEST(where_it_lies)
{
	struct session_data d;

	unsetenv("XDG_CONFIG_HOME");
	setenv("HOME", "", 1);
	ck_assert_int_eq(session_file_load(&d), -ENOENT);
	setenv("HOME", "/nowhere/at/all", 1);
	ck_assert_int_eq(session_file_load(&d), -ENOENT);
	ck_assert_int_lt(session_file_lock(), 0);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("session");
	TCase *c = tcase_create("session");

	tcase_set_timeout(c, 30);
	tcase_add_checked_fixture(c, set_up, tear_down);
	tcase_add_test(c, logging_in_is_kept_for_the_user_only);
	tcase_add_test(c, one_that_is_not_kept);
	tcase_add_test(c, a_wrong_password);
	tcase_add_test(c, a_token_near_its_end_is_renewed_and_kept);
	tcase_add_test(c, commands_share_what_one_has_renewed);
	tcase_add_test(c, many_at_once_renew_once);
	tcase_add_test(c, a_revoked_token_is_renewed_once);
	tcase_add_test(c, results);
	tcase_add_loop_test(c, a_file_that_is_not_ours, 0, 2);
	tcase_add_test(c, where_it_lies);
	suite_add_tcase(s, c);
	return s;
}

UNIT_MAIN(suite)
