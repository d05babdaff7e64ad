#include "service/service.h"
#include "tests/lib/service/capture.h"
#include "tests/lib/unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char *brokers, *password, *untouched = "as it was";
static int64_t batch, age;
static bool fast;
static const char *arguments[2];

static const struct setting settings[] = {
	{ "KAFKA_BROKERS", "127.0.0.1:9092", setting_text, &brokers, "Kafka's bootstrap servers" },
	{ "KAFKA_PASSWORD", NULL, setting_text, &password, "SASL password", .flags = SETTING_SECRET },
	{ "WRITER_BATCH", "1000", setting_int, &batch, "positions", 1, 5000 },
	{ "WRITER_AGE", "1s", setting_duration, &age, "how long", 100, 60000 },
	{ "OTHER_AGE", NULL, setting_text, &untouched, "for doubt about --age" },
	{ "WRITER_FAST", "false", setting_bool, &fast, "fast" },
	{ 0 },
};

static const struct service service = { "pettrack-writer", "Kafka into MongoDB", settings };

/* Starts @s with a NULL-terminated command line; what it said on stderr is in @said. */
static const char *said;

static int start_as(const struct service *s, const char *const *argv)
{
	static char kept[4096]; /* settings point into the command line for ever */
	static char *end = kept;
	char *copy[16] = { NULL };
	int argc = 0;

	for (; argv[argc]; argc++) {
		copy[argc] = end;
		end = stpcpy(end, argv[argc]) + 1;
	}
	capture_begin(2);
	int r = service_start(s, argc, copy);
	said = capture_end(2);
	return r;
}

#define START(...) start_as(&service, (const char *const[]){ "pettrack-writer", __VA_ARGS__, NULL })

static void clean_environment(void)
{
	clearenv();
}

START_TEST(defaults)
{
	ck_assert_int_eq(START(NULL), 0);
	ck_assert_str_eq(brokers, "127.0.0.1:9092");
	ck_assert_ptr_null(password);
	ck_assert_int_eq(batch, 1000);
	ck_assert_int_eq(age, 1000);
	ck_assert_str_eq(untouched, "as it was");
	ck_assert(!fast);
	ck_assert_str_eq(said, "");
}
END_TEST

START_TEST(flags_go_before_the_environment)
{
	setenv("WRITER_BATCH", "7", 1);
	setenv("WRITER_AGE", "7s", 1);
	setenv("KAFKA_BROKERS", "", 1); /* set but empty is not set */
	ck_assert_int_eq(START("--writer-batch", "8", "--writer-fast"), 0);
	ck_assert_int_eq(batch, 8);
	ck_assert_int_eq(age, 7000);
	ck_assert_str_eq(brokers, "127.0.0.1:9092");
	ck_assert(fast);
}
END_TEST

START_TEST(flags_with_equals_and_without_their_first_word)
{
	ck_assert_int_eq(START("--batch=9", "--brokers=a=b", "--fast=false"), 0);
	ck_assert_int_eq(batch, 9);
	ck_assert_str_eq(brokers, "a=b");
	ck_assert(!fast);
}
END_TEST

START_TEST(the_last_flag_counts)
{
	ck_assert_int_eq(START("--batch", "1", "--batch", "2"), 0);
	ck_assert_int_eq(batch, 2);
}
END_TEST

/* What is wrong, and what is said about it: the setting and the fix. */
static const struct {
	const char *flags[3], *said;
} wrong[] = {
	{ { "--writer-bach", "1" }, "there is no --writer-bach; the nearest is --writer-batch" },
	{ { "--bach=1" }, "there is no --bach; the nearest is --batch" },
	{ { "--hepl" }, "there is no --hepl; the nearest is --help" },
	{ { "-x" }, "there is no -x" },
	{ { "--age", "1s" }, "--age may mean several settings" },
	{ { "--batch" }, "--batch needs a value" },
	{ { "--batch", "0" }, "WRITER_BATCH is '0' (from flag); it must be 1 to 5000" },
	{ { "--writer-age", "1" }, "WRITER_AGE is '1' (from flag); it must be a duration" },
	{ { "--brokers-file", "/dev/null" }, "there is no --brokers-file" }, /* only secrets come from files */
	{ { "--kafka-password-file", "/nowhere" }, "the file /nowhere for KAFKA_PASSWORD: No such file" },
	{ { "stray" }, "'stray' is one argument too many" },
	{ { "--", "--batch" }, "'--batch' is one argument too many" },
	{ { "--log-level", "loud" }, "LOG_LEVEL is 'loud' (from flag); it must be error, warn, info or debug" },
	{ { "--log-format", "xml" }, "LOG_FORMAT is 'xml' (from flag); it must be auto, json or text" },
};

START_TEST(says_what_is_wrong)
{
	const char *const *f = wrong[_i].flags;

	ck_assert_int_eq(START(f[0], f[1], f[2]), SERVICE_E_USAGE);
	ck_assert_msg(strstr(said, wrong[_i].said), "said: %s", said);
	ck_assert_ptr_nonnull(strstr(said, "Try 'pettrack-writer --help'."));
	ck_assert_int_eq(service_exit(SERVICE_E_USAGE), 2);
}
END_TEST

START_TEST(says_where_it_came_from)
{
	setenv("WRITER_BATCH", "many", 1);
	ck_assert_int_eq(START(NULL), SERVICE_E_USAGE);
	ck_assert_ptr_nonnull(strstr(said, "WRITER_BATCH is 'many' (from environment)"));
}
END_TEST

static const char *file_with(const char *text, size_t n)
{
	static char path[] = "/tmp/pettrack-settings-XXXXXX";
	int fd = mkstemp(path);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, text, n), (ssize_t)n);
	close(fd);
	return path;
}

START_TEST(secrets_from_files)
{
	const char *path = file_with("s3cret\n\n", 8);

	if (_i == 0) {
		setenv("KAFKA_PASSWORD_FILE", path, 1);
		ck_assert_int_eq(START(NULL), 0);
	} else {
		setenv("KAFKA_PASSWORD", "overridden", 1);
		ck_assert_int_eq(START("--password-file", path), 0);
	}
	unlink(path);
	ck_assert_str_eq(password, "s3cret\n"); /* one newline is an editor's, two are somebody's */
}
END_TEST

START_TEST(the_environment_goes_before_the_file)
{
	setenv("KAFKA_PASSWORD", "from there", 1);
	setenv("KAFKA_PASSWORD_FILE", "/nowhere", 1);
	ck_assert_int_eq(START(NULL), 0);
	ck_assert_str_eq(password, "from there");
}
END_TEST

START_TEST(a_secret_file_has_a_bound)
{
	static char big[64 * 1024 + 1];
	const char *path = file_with(memset(big, 'x', sizeof big), sizeof big);

	setenv("KAFKA_PASSWORD_FILE", path, 1);
	ck_assert_int_eq(START(NULL), SERVICE_E_USAGE);
	unlink(path);
	ck_assert_ptr_nonnull(strstr(said, "more than 64 KiB"));
}
END_TEST

static const char *refuse(const char *text, void *target, int64_t min, int64_t max)
{
	(void)text, (void)target, (void)min, (void)max;
	return "must be otherwise";
}

START_TEST(secrets_are_not_repeated)
{
	static const struct setting secret[] = { { "A_SECRET", NULL, refuse, NULL, "x", .flags = SETTING_SECRET },
		{ 0 } };

	setenv("A_SECRET", "hunter2", 1);
	ck_assert_int_eq(
		start_as(&(struct service){ "p", "s", secret }, (const char *const[]){ "p", NULL }), SERVICE_E_USAGE);
	ck_assert_ptr_null(strstr(said, "hunter2"));
	ck_assert_ptr_nonnull(strstr(said, "A_SECRET (from environment) must be otherwise"));
}
END_TEST

START_TEST(required_ones)
{
	static const char *v;
	static const struct setting required[] = {
		{ "AUTH_CLIENTS", NULL, setting_text, &v, "x", .flags = SETTING_SECRET | SETTING_REQUIRED },
		{ 0 },
	};
	const struct service s = { "p", "s", required, .prefix = "AUTH_" };

	ck_assert_int_eq(start_as(&s, (const char *const[]){ "p", NULL }), SERVICE_E_USAGE);
	ck_assert_ptr_nonnull(strstr(said, "AUTH_CLIENTS is required: set it in the environment or by --clients"));
	ck_assert_ptr_nonnull(strstr(said, "AUTH_CLIENTS_FILE"));
	ck_assert_int_eq(start_as(&s, (const char *const[]){ "p", "--auth-clients=a:b:c", NULL }), 0);
	ck_assert_str_eq(v, "a:b:c");
}
END_TEST

/* The program's own setting wins over another of the same short name. */
START_TEST(the_prefix_goes_first)
{
	static int64_t ours, theirs;
	static const struct setting ports[] = {
		{ "OPS_PORT", "1", setting_int, &theirs, "x" },
		{ "AUTH_PORT", "2", setting_int, &ours, "x" },
		{ 0 },
	};
	const struct service s = { "p", "s", ports, .prefix = "AUTH_" };

	ck_assert_int_eq(start_as(&s, (const char *const[]){ "p", "--port", "7", NULL }), 0);
	ck_assert_int_eq(ours, 7);
	ck_assert_int_eq(theirs, 1);
	ck_assert_int_eq(start_as(&s, (const char *const[]){ "p", "--ops-port", "8", NULL }), 0);
	ck_assert_int_eq(theirs, 8);
}
END_TEST

START_TEST(arguments_beside_flags)
{
	const struct service s = { "p", "s", settings, .arguments = "NAME [OTHER]", .ret_arguments = arguments,
		.arguments_max = 2 };

	ck_assert_int_eq(start_as(&s, (const char *const[]){ "p", "first", "--batch", "3", "--", "-second", NULL }), 0);
	ck_assert_str_eq(arguments[0], "first");
	ck_assert_str_eq(arguments[1], "-second");
	ck_assert_int_eq(batch, 3);
	ck_assert_int_eq(start_as(&s, (const char *const[]){ "p", "1", "2", "3", NULL }), SERVICE_E_USAGE);
}
END_TEST

START_TEST(help_tells_all_but_secrets)
{
	setenv("KAFKA_PASSWORD", "hunter2", 1);
	capture_begin(1);
	int r = START("--help");
	const char *help = capture_end(1);

	ck_assert_int_eq(r, SERVICE_E_DONE);
	ck_assert_int_eq(service_exit(r), 0);
	ck_assert_ptr_nonnull(strstr(help, "--writer-batch N  (WRITER_BATCH; default 1000; 1 to 5000)"));
	ck_assert_ptr_nonnull(strstr(help, "--writer-age DURATION  (WRITER_AGE; default 1s; 100ms to 1m)"));
	ck_assert_ptr_nonnull(
		strstr(help, "--kafka-password TEXT  (KAFKA_PASSWORD; secret, also from KAFKA_PASSWORD_FILE)"));
	ck_assert_ptr_nonnull(strstr(help, "--writer-fast  (WRITER_FAST; default false)"));
	ck_assert_ptr_nonnull(strstr(help, "--log-level"));
	ck_assert_ptr_null(strstr(help, "hunter2"));
}
END_TEST

/* ---- --probe ---- */

static const char *ops_address, *needed;
static uint16_t ops_port;
static const struct setting with_ops[] = {
	{ "CLIENT_SECRET", NULL, setting_text, &needed, "x", .flags = SETTING_SECRET | SETTING_REQUIRED },
	{ "OPS_ADDRESS", "127.0.0.1", setting_text, &ops_address, "x" },
	{ "OPS_PORT", "9083", setting_port, &ops_port, "x" },
	{ 0 },
};
static const struct service probed = { "pettrack-writer", "Kafka into MongoDB", with_ops };

#define PROBE(...) start_as(&probed, (const char *const[]){ "pettrack-writer", __VA_ARGS__, NULL })

/* Port 1: nobody is there. The secret that is required otherwise is not even looked for. */
START_TEST(a_probe_needs_two_settings_only)
{
	setenv("OPS_PORT", "1", 1);
	setenv("CLIENT_SECRET_FILE", "/nowhere", 1);
	ck_assert_int_eq(PROBE("--probe", "readyz"), SERVICE_E_FAILED);
	ck_assert_msg(strstr(said, "readyz: 127.0.0.1 port 1: Connection refused"), "said: %s", said);
	ck_assert_int_eq(service_exit(SERVICE_E_FAILED), 1);
	ck_assert_int_eq(PROBE("--ops-port=2", "--probe=healthz", "--ops-address", "0.0.0.0"), SERVICE_E_FAILED);
	ck_assert_msg(strstr(said, "healthz: 127.0.0.1 port 2: Connection refused"), "said: %s", said);
}
END_TEST

START_TEST(a_probe_that_makes_no_sense)
{
	ck_assert_int_eq(PROBE("--probe", "metrics"), SERVICE_E_USAGE);
	ck_assert_ptr_nonnull(strstr(said, "--probe is 'metrics'; it must be healthz or readyz"));
	ck_assert_int_eq(PROBE("--probe"), SERVICE_E_USAGE);
	setenv("OPS_PORT", "many", 1);
	ck_assert_int_eq(PROBE("--probe", "healthz"), SERVICE_E_USAGE);
	ck_assert_ptr_nonnull(strstr(said, "OPS_PORT is 'many' (from environment)"));
	ck_assert_int_eq(START("--probe", "healthz"), SERVICE_E_USAGE); /* it has no port to be asked on */
	ck_assert_ptr_nonnull(strstr(said, "there is no --probe"));
}
END_TEST

START_TEST(help_tells_of_probes_where_there_are_some)
{
	capture_begin(1);
	ck_assert_int_eq(PROBE("--help"), SERVICE_E_DONE);
	ck_assert_ptr_nonnull(strstr(capture_end(1), "--probe healthz|readyz"));
	capture_begin(1);
	ck_assert_int_eq(START("--help"), SERVICE_E_DONE);
	ck_assert_ptr_null(strstr(capture_end(1), "--probe"));
}
END_TEST

START_TEST(version)
{
	capture_begin(1);
	int r = START("--version");

	ck_assert_str_eq(capture_end(1), "pettrack-writer " PETTRACK_VERSION "\n");
	ck_assert_int_eq(r, SERVICE_E_DONE);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("settings");
	TCase *c = tcase_create("settings");

	tcase_add_checked_fixture(c, clean_environment, NULL);
	tcase_add_test(c, defaults);
	tcase_add_test(c, flags_go_before_the_environment);
	tcase_add_test(c, flags_with_equals_and_without_their_first_word);
	tcase_add_test(c, the_last_flag_counts);
	tcase_add_loop_test(c, says_what_is_wrong, 0, (int)(sizeof wrong / sizeof *wrong));
	tcase_add_test(c, says_where_it_came_from);
	tcase_add_loop_test(c, secrets_from_files, 0, 2);
	tcase_add_test(c, the_environment_goes_before_the_file);
	tcase_add_test(c, a_secret_file_has_a_bound);
	tcase_add_test(c, secrets_are_not_repeated);
	tcase_add_test(c, required_ones);
	tcase_add_test(c, the_prefix_goes_first);
	tcase_add_test(c, arguments_beside_flags);
	tcase_add_test(c, help_tells_all_but_secrets);
	tcase_add_test(c, a_probe_needs_two_settings_only);
	tcase_add_test(c, a_probe_that_makes_no_sense);
	tcase_add_test(c, help_tells_of_probes_where_there_are_some);
	tcase_add_test(c, version);
	suite_add_tcase(s, c);
	return s;
}

UNIT_MAIN(suite)
