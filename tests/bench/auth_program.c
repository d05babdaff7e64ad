#include "tests/bench/auth_program.h"
#include "base/clock.h"
#include "client/client.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { READY_MS = 30000, LINE_SIZE = 1024, VALUE_SIZE = 1024 };

void auth_bench_die(const char *format, ...)
{
	va_list list;

	fputs("bench auth: ", stderr);
	va_start(list, format);
	vfprintf(stderr, format, list);
	va_end(list);
	fputc('\n', stderr);
	exit(EXIT_FAILURE);
}

/* ---- start ---- */

/* What counts here is what a request costs, not how often somebody may ask. */
static const char *const settings[][2] = {
	{ "AUTH_PORT", "0" },
	{ "OPS_PORT", "0" },
	{ "LOG_FORMAT", "json" },
	{ "AUTH_MASTER_SECRET", "a master secret of the bench, and of nothing else" },
	{ "AUTH_SESSIONS_PER_USER", "10000" },
	{ "AUTH_LIMIT_LOGIN_ADDRESS", "0" },
	{ "AUTH_LIMIT_LOGIN_ACCOUNT", "0" },
	{ "AUTH_LIMIT_SIGN_UP_ADDRESS", "0" },
	{ "AUTH_LIMIT_REFRESH_ADDRESS", "0" },
	{ "AUTH_LIMIT_BACKOFF", "0" },
};

static void put_number(const char *name, long long n)
{
	char value[VALUE_SIZE];

	snprintf(value, sizeof value, "%lld", n);
	setenv(name, value, 1);
}

/* A database of its own: "mongodb://HOST/?options" gets a name in its path. */
static void put_mongodb(const char *uri)
{
	char value[VALUE_SIZE];
	const char *host = strstr(uri, "://"), *path = host ? strchr(host + 3, '/') : NULL;

	if (!path)
		auth_bench_die("--mongodb has no path: %s", uri);
	snprintf(value, sizeof value, "%.*s/bench_auth_%d%s", (int)(path - uri), uri, (int)getpid(),
		path + 1 + strcspn(path + 1, "?"));
	setenv("MONGODB_URI", value, 1);
}

static _Noreturn void become(const struct auth_program_options *o, int log)
{
	char prefix[64];

	prctl(PR_SET_PDEATHSIG, SIGKILL); /* never outlives the bench */
	for (size_t i = 0; i < sizeof settings / sizeof *settings; i++)
		setenv(settings[i][0], settings[i][1], 1);
	snprintf(prefix, sizeof prefix, "bench_auth_%d.", (int)getpid());
	setenv("KAFKA_TOPIC_PREFIX", prefix, 1);
	setenv("KAFKA_BROKERS", o->kafka, 1);
	put_mongodb(o->mongodb);
	put_number("AUTH_HASH_THREADS", o->hash_threads);
	put_number("AUTH_HASH_QUEUE", o->hash_queue);
	if (dup2(log, STDERR_FILENO) >= 0)
		execl(o->path, o->path, (char *)NULL);
	auth_bench_die("%s: %s", o->path, strerror(errno));
}

/* The port in a line that says that @name listens, else 0. */
static uint16_t port_of(const char *line, const char *name)
{
	char said[64];
	const char *port = strstr(line, "\"port\":");

	snprintf(said, sizeof said, "\"listening\",\"name\":\"%s\"", name);
	return port && strstr(line, said) ? (uint16_t)strtoul(port + 7, NULL, 10) : 0;
}

/* The pipe stays open, for the program's sake. */
static void read_log(struct auth_program *p, int log)
{
	FILE *f = fdopen(log, "r");
	char line[LINE_SIZE];

	while (!p->rest || !p->ops) {
		if (!f || !fgets(line, sizeof line, f))
			auth_bench_die("the program has ended");
		p->rest = p->rest ? p->rest : port_of(line, "rest");
		p->ops = p->ops ? p->ops : port_of(line, "ops");
	}
}

static void await_ready(const struct auth_program *p)
{
	struct client *ops;
	char url[64];
	int64_t until_ms = clock_mono_ms() + READY_MS;

	snprintf(url, sizeof url, "http://127.0.0.1:%u", p->ops);
	if (client_open(&ops, &(struct client_options){ .base_url = url }))
		auth_bench_die("no memory");
	while (client_call(ops, "GET", "/readyz", NULL, NULL, NULL, NULL)) {
		if (clock_mono_ms() > until_ms)
			auth_bench_die("not ready: are Kafka and MongoDB there?");
		nanosleep(&(struct timespec){ .tv_nsec = 50000000 }, NULL);
	}
	client_close(ops);
}

void auth_start(struct auth_program *p, const struct auth_program_options *o)
{
	int log[2];

	*p = (struct auth_program){ 0 };
	if (pipe(log) < 0 || (p->pid = fork()) < 0)
		auth_bench_die("cannot fork: %s", strerror(errno));
	if (p->pid == 0)
		become(o, log[1]);
	close(log[1]);
	read_log(p, log[0]);
	snprintf(p->url, sizeof p->url, "http://127.0.0.1:%u", p->rest);
	await_ready(p);
}

void auth_stop(const struct auth_program *p)
{
	int status = 0;

	kill(p->pid, SIGTERM);
	if (waitpid(p->pid, &status, 0) != p->pid || status)
		auth_bench_die("it did not end cleanly");
}

double auth_cpu_s(const struct auth_program *p)
{
	clockid_t clock;
	struct timespec used;

	if (clock_getcpuclockid(p->pid, &clock) || clock_gettime(clock, &used))
		auth_bench_die("its CPU time is not known");
	return (double)used.tv_sec + (double)used.tv_nsec / 1e9;
}
