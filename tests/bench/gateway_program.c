#include "tests/bench/gateway_program.h"
#include "base/clock.h"
#include "base/text.h"
#include "client/client.h"
#include "ingest/protocols/protocol.h"

#include <ctype.h>
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

enum { READY_MS = 30000, RETRY_NS = 100000000, LINE_SIZE = 1024 };

void gateway_bench_die(const char *format, ...)
{
	va_list list;

	fputs("bench gateway: ", stderr);
	va_start(list, format);
	vfprintf(stderr, format, list);
	va_end(list);
	fputc('\n', stderr);
	exit(EXIT_FAILURE);
}

/* ---- start ---- */

static void set(const char *name, const char *format, ...) PRINTF_LIKE(2, 3);

static void set(const char *name, const char *format, ...)
{
	char value[256];
	va_list list;

	va_start(list, format);
	vsnprintf(value, sizeof value, format, list);
	va_end(list);
	if (setenv(name, value, 1) != 0)
		gateway_bench_die("no memory");
}

/* A free one for each. */
static void set_ports(void)
{
	char name[64];

	set("OPS_PORT", "0");
	for (const struct protocol *const *p = protocols; *p; p++) {
		snprintf(name, sizeof name, "GATEWAY_%s_PORT", (*p)->name);
		for (char *c = name; *c; c++)
			*c = *c == '-' ? '_' : (char)toupper((unsigned char)*c);
		set(name, "0");
	}
}

static _Noreturn void become(const char *path, const char *kafka, uint16_t auth_port, int log)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL); /* never outlives the bench */
	set("KAFKA_TOPIC_PREFIX", "bench_gateway_%d.", (int)getpid());
	set("KAFKA_BROKERS", "%s", kafka);
	set("AUTH_URL", "http://127.0.0.1:%u", auth_port);
	set("CLIENT_SECRET", "bench");
	set("GATEWAY_ADDRESS", "127.0.0.1");
	set("LOG_FORMAT", "json");
	set_ports();
	if (dup2(log, STDERR_FILENO) < 0)
		gateway_bench_die("dup2: %s", strerror(errno));
	execl(path, path, (char *)NULL);
	gateway_bench_die("%s: %s", path, strerror(errno));
}

/* Returns whether the line told of the last one. */
static bool read_port(struct gateway_program *g, const char *line)
{
	static const char said[] = "\"event\":\"listening\",\"name\":\"";
	const char *name = strstr(line, said), *port = strstr(line, "\"port\":");

	if (!name || !port || g->ports_n == GATEWAY_PORTS_MAX)
		return false;
	if (sscanf(name + strlen(said), "%31[a-z0-9-]", g->ports[g->ports_n].name) != 1)
		return false;
	g->ports[g->ports_n].number = (uint16_t)strtoul(port + strlen("\"port\":"), NULL, 10);
	return !strcmp(g->ports[g->ports_n++].name, "ops");
}

/* The pipe stays open, for the gateway's sake. */
static void read_ports(struct gateway_program *g, int log)
{
	FILE *f = fdopen(log, "r");
	char line[LINE_SIZE];

	do {
		if (!f || !fgets(line, sizeof line, f))
			gateway_bench_die("the gateway has ended");
	} while (!read_port(g, line));
}

static void await_ready(struct gateway_program *g)
{
	char url[64];
	int64_t until_ms = clock_mono_ms() + READY_MS;

	snprintf(url, sizeof url, "http://127.0.0.1:%u", gateway_port(g, "ops"));
	if (client_open(&g->ops, &(struct client_options){ .base_url = url }) != 0)
		gateway_bench_die("no memory");
	while (client_call(g->ops, "GET", "/readyz", NULL, NULL, NULL, NULL) != 0) {
		if (clock_mono_ms() > until_ms)
			gateway_bench_die("the gateway is not ready: is Kafka there?");
		nanosleep(&(struct timespec){ .tv_nsec = RETRY_NS }, NULL);
	}
}

void gateway_start(struct gateway_program *g, const char *path, const char *kafka, uint16_t auth_port)
{
	int log[2];

	*g = (struct gateway_program){ 0 };
	if (pipe(log) < 0 || (g->pid = fork()) < 0)
		gateway_bench_die("cannot fork: %s", strerror(errno));
	if (g->pid == 0)
		become(path, kafka, auth_port, log[1]);
	close(log[1]);
	read_ports(g, log[0]);
	await_ready(g);
}

void gateway_stop(struct gateway_program *g)
{
	int status;

	client_close(g->ops);
	kill(g->pid, SIGTERM);
	if (waitpid(g->pid, &status, 0) < 0 || status != 0)
		gateway_bench_die("the gateway did not end cleanly");
}

/* ---- what is known of it ---- */

uint16_t gateway_port(const struct gateway_program *g, const char *protocol)
{
	for (int i = 0; i < g->ports_n; i++)
		if (!strcmp(g->ports[i].name, protocol))
			return g->ports[i].number;
	gateway_bench_die("the gateway does not listen for %s", protocol);
}

/* What the kernel tells in /proc/PID/@file; NUL-terminated. */
static void read_proc(const struct gateway_program *g, const char *file, char *out, size_t size)
{
	char path[64];

	snprintf(path, sizeof path, "/proc/%d/%s", (int)g->pid, file);
	FILE *f = fopen(path, "r");
	if (!f)
		gateway_bench_die("the gateway is gone");
	out[fread(out, 1, size - 1, f)] = '\0';
	fclose(f);
}

double gateway_cpu_s(const struct gateway_program *g)
{
	char text[1024];
	unsigned long user, kernel;

	read_proc(g, "stat", text, sizeof text);
	const char *after = strrchr(text, ')'); /* the name before it may hold anything */
	if (!after || sscanf(after + 2, "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &kernel) != 2)
		gateway_bench_die("/proc has changed");
	return (double)(user + kernel) / (double)sysconf(_SC_CLK_TCK);
}

int64_t gateway_resident_bytes(const struct gateway_program *g)
{
	char text[256];
	long pages;

	read_proc(g, "statm", text, sizeof text);
	if (sscanf(text, "%*d %ld", &pages) != 1)
		gateway_bench_die("/proc has changed");
	return (int64_t)pages * sysconf(_SC_PAGESIZE);
}

double gateway_metric(const struct gateway_program *g, const char *name, const char *protocol)
{
	char series[128], *text;
	size_t n;

	snprintf(series, sizeof series, "\n%s{protocol=\"%s\"} ", name, protocol);
	if (client_fetch(g->ops, "/metrics", NULL, &text, &n) != 0)
		gateway_bench_die("no metrics: %s", client_last_error());
	const char *found = strstr(text, series);
	if (!found)
		gateway_bench_die("there is no metric%s", series);
	double value = strtod(found + strlen(series), NULL);
	free(text);
	return value;
}
