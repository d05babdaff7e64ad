/*
 * bench live - what a delivery costs pettrack-query's role live, how long it takes, and what an idle subscriber keeps
 *
 *     bench_live --kafka HOST:PORT --mongodb URI --query PATH [--gateway PATH] [--seconds 10] [--idle 10000]
 *         [--only WORDS]
 *
 * Starts the program with topics of its own and an auth that knows everybody, subscribes, produces records as the
 * gateway does, and prints one line of JSON for each measurement. CPU time is the program's alone, all its threads.
 * --only: what has these words in its name. With --gateway also the way from a tracker's socket to a subscriber's, through both programs and Kafka.
 */
#include "base/clock.h"
#include "base/text.h"
#include "bus/topics.h"
#include "client/client.h"
#include "record/record.h"
#include "secret/secret.h"
#include "tests/bench/live_subscribers.h"
#include "token/token.h"
#include "web/web.h"

#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
	READY_MS = 60000,
	QUIET_MS = 3000, /* for the last deliveries */
	LINGER_MS = 5, /* of the producer, as the gateway's */
	PRODUCED_MAX = 1 << 24, /* positions of one run; a power of two */
	LINE_SIZE = 2048,
};

#define SECRET "bench-secret"

static const char *kafka = "127.0.0.1:9092", *mongodb = "mongodb://127.0.0.1:27017/?replicaSet=rs0";
static const char *query_path, *gateway_path, *only;
static int64_t seconds = 10, idle = 10000;
static char prefix[64];

/* A program under measurement. */
struct program {
	const char *path;
	pid_t pid;
	uint16_t ops, port; /* @port: the one called @port_name in the log */
	const char *port_name;
};

static struct program query = { .port_name = "live" }, gateway = { .port_name = "osmand" };

static _Noreturn void die(const char *what)
{
	fprintf(stderr, "bench live: %s\n", what);
	if (query.pid > 0)
		kill(query.pid, SIGKILL);
	if (gateway.pid > 0)
		kill(gateway.pid, SIGKILL);
	exit(EXIT_FAILURE);
}

/* ---- users and devices: subscriber i is user i, who has one device, shared with others ---- */

static int users_per_device = 1;

static struct uuid numbered(uint8_t kind, uint32_t n)
{
	struct uuid u = { { kind, 0xBE, [6] = 0x40, [8] = 0x80 } };

	for (int i = 0; i < 4; i++)
		u.b[12 + i] = (uint8_t)(n >> 8 * (3 - i));
	return u;
}

static uint32_t number_of(const struct uuid *u)
{
	return (uint32_t)u->b[12] << 24 | (uint32_t)u->b[13] << 16 | (uint32_t)u->b[14] << 8 | u->b[15];
}

/* ---- an auth that knows everybody ---- */

static struct token_signer *signer;
static char *jwks;

static void give_keys(struct web_request *q, void *owner)
{
	(void)owner;
	web_reply_text(q, 200, "application/json", jwks, strlen(jwks));
}

static void give_token(struct web_request *q, void *owner)
{
	(void)owner;
	web_reply(q, 200,
		json_pack("{ss ss si ss}", "access_token", "bench", "token_type", "Bearer", "expires_in", 900, "scope",
			"access.read devices.lookup"));
}

static void give_devices(struct web_request *q, void *owner)
{
	const char *text = web_path(q, "id");
	char id[UUID_TEXT_SIZE];
	struct uuid user, device;

	(void)owner;
	if (uuid_parse(&user, text, strlen(text)))
		die("an unknown user");
	device = numbered(0xD0, number_of(&user) / (uint32_t)users_per_device);
	uuid_format(id, &device);
	web_reply(q, 200, json_pack("{s[{ss}]}", "devices", "id", id));
}

/* For the gateway: a device is known by its number. */
static void look_up(struct web_request *q, void *owner)
{
	const json_t *body = web_body(q), *list = json_object_get(body, "identifiers");
	json_t *devices = json_array();
	uint8_t hash[SECRET_HASH_SIZE];
	char hash_text[2 * SECRET_HASH_SIZE + 1], id[UUID_TEXT_SIZE];

	(void)owner;
	secret_sha256(hash, SECRET, strlen(SECRET));
	text_hex(hash_text, hash, sizeof hash);
	for (size_t i = 0; i < json_array_size(list); i++) {
		const char *identifier = json_string_value(json_array_get(list, i));
		struct uuid device = numbered(0xD0, (uint32_t)strtoul(identifier, NULL, 10));
		uuid_format(id, &device);
		json_array_append_new(devices,
			json_pack("{ss ss ss}", "identifier", identifier, "id", id, "secret_sha256", hash_text));
	}
	if (body)
		web_reply(q, 200, json_pack("{so}", "devices", devices));
	else
		json_decref(devices);
}

static const struct web_route routes[] = {
	{ "GET", "/.well-known/jwks.json", give_keys, WEB_PUBLIC, NULL },
	{ "POST", "/v1/oauth/token", give_token, WEB_PUBLIC, NULL },
	{ "GET", "/internal/v1/users/{id}/devices", give_devices, WEB_PUBLIC, NULL },
	{ "POST", "/internal/v1/devices/lookup", look_up, WEB_PUBLIC, NULL },
	{ NULL, NULL, NULL, WEB_PUBLIC, NULL },
};

static void make_keys(void)
{
	char *pem, *jwk;

	if (token_key_generate(&pem) || token_jwk(pem, "bench", &jwk) ||
		token_signer_open(&signer, pem, "bench", "pettrack", "pettrack") ||
		asprintf(&jwks, "{\"keys\":[%s]}", jwk) < 0)
		die("cannot make keys");
	free(jwk);
	free(pem);
}

static void make_token(void *owner, int i, char *out, size_t size)
{
	struct token_claims claims = {
		.subject = numbered(0xA0, (uint32_t)i),
		.session = numbered(0x50, (uint32_t)i),
		.issued_s = clock_real_ms() / 1000,
	};

	(void)owner;
	claims.expires_s = claims.issued_s + 3600;
	if (token_sign(signer, &claims, out, size))
		die("cannot sign");
}

/* ---- programs ---- */

static void set(const char *name, const char *format, ...) PRINTF_LIKE(2, 3);

static void set(const char *name, const char *format, ...)
{
	char value[1024];
	va_list list;

	va_start(list, format);
	vsnprintf(value, sizeof value, format, list);
	va_end(list);
	if (setenv(name, value, 1) != 0)
		die("no memory");
}

static _Noreturn void become(const struct program *p, uint16_t auth_port, int log)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL); /* never outlives the bench */
	set("KAFKA_TOPIC_PREFIX", "%s", prefix);
	set("KAFKA_BROKERS", "%s", kafka);
	set("MONGODB_URI", "%s", mongodb);
	set("AUTH_URL", "http://127.0.0.1:%u", auth_port);
	set("CLIENT_SECRET", "bench");
	set("QUERY_ROLES", "live");
	set("LIVE_PORT", "0");
	set("LIVE_CONNECTIONS", "100000");
	set("LIVE_CONNECTIONS_PER_ADDRESS", "100000");
	set("GATEWAY_PROTOCOLS", "osmand,teltonika");
	set("GATEWAY_OSMAND_PORT", "0");
	set("GATEWAY_TELTONIKA_PORT", "0");
	set("OPS_PORT", "0");
	set("LOG_FORMAT", "json");
	if (dup2(log, STDERR_FILENO) < 0)
		die("dup2");
	execl(p->path, p->path, (char *)NULL);
	die("cannot start the program");
}

static void read_port(const char *line, const char *name, uint16_t *ret)
{
	char wanted[64];
	const char *port = strstr(line, "\"port\":");

	snprintf(wanted, sizeof wanted, "\"event\":\"listening\",\"name\":\"%s\"", name);
	if (port && strstr(line, wanted))
		*ret = (uint16_t)strtoul(port + strlen("\"port\":"), NULL, 10);
}

/* Reads the log until the ports are known. The pipe stays open, for the program's sake. */
static void read_ports(struct program *p, int log)
{
	FILE *f = fdopen(log, "r");
	char line[LINE_SIZE];

	while (!(p->ops && p->port)) {
		if (!f || !fgets(line, sizeof line, f))
			die("the program has ended");
		read_port(line, "ops", &p->ops);
		read_port(line, p->port_name, &p->port);
	}
}

static void await_ready(const struct program *p)
{
	char url[64];
	struct client *client;
	int64_t until_ms = clock_mono_ms() + READY_MS;

	snprintf(url, sizeof url, "http://127.0.0.1:%u", p->ops);
	if (client_open(&client, &(struct client_options){ .base_url = url }) != 0)
		die("no memory");
	while (client_call(client, "GET", "/readyz", NULL, NULL, NULL, NULL) != 0) {
		if (clock_mono_ms() > until_ms)
			die("the program is not ready: are Kafka and MongoDB there?");
		nanosleep(&(struct timespec){ .tv_nsec = 100000000 }, NULL);
	}
	client_close(client);
}

static void start(struct program *p, const char *path, uint16_t auth_port)
{
	int log[2];

	p->path = path;
	p->ops = p->port = 0;
	if (pipe(log) < 0 || (p->pid = fork()) < 0)
		die("cannot fork");
	if (p->pid == 0)
		become(p, auth_port, log[1]);
	close(log[1]);
	read_ports(p, log[0]);
	await_ready(p);
}

static void stop(struct program *p)
{
	int status;

	kill(p->pid, SIGTERM);
	if (waitpid(p->pid, &status, 0) < 0 || status != 0)
		die("a program did not end cleanly");
	p->pid = 0;
}

/* CPU seconds that @p has used. */
static double cpu_seconds(const struct program *p)
{
	char path[64], text[1024];
	unsigned long user, kernel;

	snprintf(path, sizeof path, "/proc/%d/stat", (int)p->pid);
	FILE *f = fopen(path, "r");
	size_t n = f ? fread(text, 1, sizeof text - 1, f) : 0;
	if (f)
		fclose(f);
	text[n] = '\0';
	const char *after = strrchr(text, ')');
	if (!after || sscanf(after + 2, "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &kernel) != 2)
		die("the program is gone");
	return (double)(user + kernel) / (double)sysconf(_SC_CLK_TCK);
}

/* KiB resident. */
static long resident(const struct program *p)
{
	char path[64], line[256];
	long kib = 0;

	snprintf(path, sizeof path, "/proc/%d/status", (int)p->pid);
	FILE *f = fopen(path, "r");
	while (f && fgets(line, sizeof line, f))
		if (sscanf(line, "VmRSS: %ld", &kib) == 1)
			break;
	if (f)
		fclose(f);
	return kib;
}

/* ---- positions: the n-th has the fix time base + n ms ---- */

static int64_t base_ms, produced;
static int64_t *sent_at; /* by number, ns */

static int64_t sent_ns(void *owner, int64_t time_ms)
{
	int64_t n = time_ms - base_ms;

	(void)owner;
	return n >= 0 && n < produced ? sent_at[n & (PRODUCED_MAX - 1)] : 0;
}

static int64_t next_position(void)
{
	sent_at[produced & (PRODUCED_MAX - 1)] = clock_mono_ns();
	return base_ms + produced++;
}

/* What an app on a collar would say. */
static void produce(struct bus_producer *bus, const char *topic, uint32_t device)
{
	uint8_t bytes[RECORD_SIZE_MAX];
	size_t n;
	int64_t time_ms = next_position();
	struct position p = {
		.device = numbered(0xD0, device),
		.time_ms = time_ms,
		.received_ms = clock_real_ms(),
		.lat_e7 = 501703000 + (int32_t)(device * 911 % 100000) + (int32_t)(produced % 1000) * 37,
		.lon_e7 = -51138000 - (int32_t)(device * 733 % 100000) + (int32_t)(produced % 1000) * 53,
		.speed_mps = 0.5f + (float)(produced % 7) * 0.25f,
		.course_deg = (float)(produced * 11 % 360),
		.altitude_m = 31.5f,
		.accuracy_m = 8,
		.battery_pct = 77,
		.has = POSITION_LOCATION | POSITION_SPEED | POSITION_COURSE | POSITION_ALTITUDE | POSITION_ACCURACY |
		       POSITION_BATTERY,
		.protocol = "osmand",
	};

	if (record_encode(&p, bytes, sizeof bytes, &n) ||
		bus_send(bus, topic, p.device.b, sizeof p.device.b, bytes, n, NULL, NULL))
		die("cannot produce");
}

/* ---- what is measured ---- */

static struct subscribers *subscribe(int count)
{
	const struct subscribers_options o = { query.port, count, make_token, sent_ns, NULL };

	return subscribers_open(&o);
}

/* Until all that was sent is delivered, or nothing comes any more. */
static void await_all(struct subscribers *s, uint64_t wanted)
{
	int64_t last_ms = clock_mono_ms();

	for (uint64_t have = 0; subscribers_positions(s) < wanted && clock_mono_ms() - last_ms < QUIET_MS;) {
		subscribers_read(s, 10);
		if (subscribers_positions(s) != have)
			last_ms = clock_mono_ms();
		have = subscribers_positions(s);
	}
}

struct work {
	const char *name;
	int subscribers, per_device;
	int64_t rate; /* positions a second; 0: as many as are delivered, @window on their way */
	int64_t window;
};

/* How many are to be sent by now. */
static int64_t due(const struct work *w, const struct subscribers *s, int64_t begun_ns)
{
	if (w->rate > 0)
		return (clock_mono_ns() - begun_ns) / 1000 * w->rate / 1000000;
	return (int64_t)subscribers_positions(s) / w->per_device + w->window;
}

static void run(const struct work *w, struct subscribers *s, struct bus_producer *bus, const char *topic)
{
	uint32_t devices = (uint32_t)(w->subscribers / w->per_device);
	int64_t begun_ns = clock_mono_ns(), end_ns = begun_ns + seconds * 1000000000, first = produced;

	while (clock_mono_ns() < end_ns) {
		for (int64_t n = due(w, s, begun_ns); produced - first < n;)
			produce(bus, topic, (uint32_t)(produced % devices));
		bus_producer_poll(bus, 0);
		subscribers_read(s, w->rate > 0 ? 0 : 1);
	}
	await_all(s, (uint64_t)(produced - first) * (uint64_t)w->per_device);
}

static void print(const struct work *w, const struct subscribers_result *r, double elapsed, double cpu, int64_t sent)
{
	uint64_t wanted = (uint64_t)sent * (uint64_t)w->per_device;

	printf("{\"bench\":\"live\",\"work\":\"%s\",\"subscribers\":%d,\"per_device\":%d,\"positions_per_s\":%.0f,"
	       "\"deliveries\":%llu,\"missing\":%lld,\"skipped\":%llu,\"deliveries_per_s\":%.0f,"
	       "\"positions_per_frame\":%.2f,\"cpu_s_per_million\":%.2f,\"p50_ms\":%.2f,\"p99_ms\":%.2f,\"max_ms\":%."
	       "2f}\n",
		w->name, w->subscribers, w->per_device, (double)sent / elapsed, (unsigned long long)r->positions,
		(long long)(wanted - r->positions - r->skipped), (unsigned long long)r->skipped,
		(double)r->positions / elapsed, r->frames > 0 ? (double)r->positions / (double)r->frames : 0,
		cpu * 1e6 / (double)r->positions, r->p50_ms, r->p99_ms, r->max_ms);
	fflush(stdout);
}

static void measure(const struct work *w, uint16_t auth_port)
{
	const struct bus_config c = { .brokers = kafka, .client = "bench" };
	const struct bus_producer_options o = { .linger_ms = LINGER_MS, .queue_max = 1000000 };
	struct bus_producer *bus;
	char topic[128];

	users_per_device = w->per_device;
	start(&query, query_path, auth_port);
	snprintf(topic, sizeof topic, "%s" BUS_TOPIC_POSITIONS, prefix);
	if (bus_producer_open(&bus, &c, &o))
		die("cannot produce");
	struct subscribers *s = subscribe(w->subscribers);
	for (uint32_t i = 0; i < 1000; i++) /* connections are made, metadata read */
		produce(bus, topic, i % (uint32_t)(w->subscribers / w->per_device));
	bus_producer_poll(bus, 100);
	await_all(s, 1000 * (uint64_t)w->per_device);
	subscribers_reset(s);

	int64_t first = produced, begun_ns = clock_mono_ns();
	double cpu = cpu_seconds(&query);
	run(w, s, bus, topic);
	cpu = cpu_seconds(&query) - cpu;
	double elapsed = (double)(clock_mono_ns() - begun_ns) / 1e9;
	struct subscribers_result result = subscribers_result(s);
	print(w, &result, elapsed, cpu, produced - first);
	subscribers_close(s);
	bus_producer_close(bus, 1000);
	stop(&query);
}

static void measure_idle(uint16_t auth_port)
{
	users_per_device = 1;
	start(&query, query_path, auth_port);
	subscribers_close(subscribe(10)); /* what is made once */
	long before = resident(&query);
	struct subscribers *s = subscribe((int)idle);
	long after = resident(&query);
	printf("{\"bench\":\"live\",\"idle_subscribers\":%lld,\"bytes_per_subscriber\":%.0f}\n", (long long)idle,
		(double)(after - before) * 1024 / (double)idle);
	fflush(stdout);
	subscribers_close(s);
	stop(&query);
}

/* ---- from a tracker's socket to a subscriber's ---- */

static int dial(uint16_t port)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(port) };
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){ 1 }, sizeof(int));
	if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof to) < 0)
		die("cannot connect to the gateway");
	return fd;
}

static void report(int fd, uint32_t device)
{
	char request[512];
	int64_t time_ms = next_position();
	int n = snprintf(request, sizeof request,
		"POST /?id=%u&timestamp=%lld&lat=50.17%05u&lon=-5.11%05u&speed=1.2&batt=77 HTTP/1.1\r\n"
		"Host: bench\r\nX-Device-Secret: " SECRET "\r\nContent-Length: 0\r\n\r\n",
		device, (long long)time_ms, (unsigned)(produced % 100000), (unsigned)(produced * 7 % 100000));

	if (send(fd, request, (size_t)n, MSG_NOSIGNAL) != n)
		die("cannot send to the gateway");
}

static void drop_answers(const int *fds, int n)
{
	char answers[4096];

	for (int i = 0; i < n; i++)
		while (recv(fds[i], answers, sizeof answers, MSG_DONTWAIT) > 0)
			;
}

static void measure_chain(uint16_t auth_port)
{
	enum { TRACKERS = 100, RATE = 500 };
	const struct work w = { "socket to socket", 1000, 10, RATE, 0 };
	int fds[TRACKERS];

	users_per_device = w.per_device;
	start(&query, query_path, auth_port);
	start(&gateway, gateway_path, auth_port);
	struct subscribers *s = subscribe(w.subscribers);
	for (uint32_t i = 0; i < TRACKERS; i++) { /* devices are looked up */
		fds[i] = dial(gateway.port);
		report(fds[i], i);
	}
	await_all(s, TRACKERS * (uint64_t)w.per_device);
	subscribers_reset(s);

	int64_t first = produced, begun_ns = clock_mono_ns(), end_ns = begun_ns + seconds * 1000000000;
	double cpu = cpu_seconds(&query);
	while (clock_mono_ns() < end_ns) {
		for (int64_t n = due(&w, s, begun_ns); produced - first < n;)
			report(fds[produced % TRACKERS], (uint32_t)(produced % TRACKERS));
		subscribers_read(s, 0);
		drop_answers(fds, TRACKERS);
	}
	await_all(s, (uint64_t)(produced - first) * (uint64_t)w.per_device);
	cpu = cpu_seconds(&query) - cpu;
	double elapsed = (double)(clock_mono_ns() - begun_ns) / 1e9;
	struct subscribers_result result = subscribers_result(s);
	print(&w, &result, elapsed, cpu, produced - first);
	subscribers_close(s);
	stop(&gateway);
	stop(&query);
}

/* ---- the whole ---- */

static void read_arguments(int argc, char **argv)
{
	static const struct option options[] = {
		{ "kafka", required_argument, NULL, 'k' },
		{ "mongodb", required_argument, NULL, 'm' },
		{ "query", required_argument, NULL, 'q' },
		{ "gateway", required_argument, NULL, 'g' },
		{ "seconds", required_argument, NULL, 's' },
		{ "idle", required_argument, NULL, 'i' },
		{ "only", required_argument, NULL, 'o' },
		{ 0 },
	};

	for (int c; (c = getopt_long(argc, argv, "", options, NULL)) != -1;) {
		switch (c) {
		case 'k':
			kafka = optarg;
			break;
		case 'm':
			mongodb = optarg;
			break;
		case 'q':
			query_path = optarg;
			break;
		case 'g':
			gateway_path = optarg;
			break;
		case 's':
			seconds = strtoll(optarg, NULL, 10);
			break;
		case 'i':
			idle = strtoll(optarg, NULL, 10);
			break;
		case 'o':
			only = optarg;
			break;
		default:
			exit(2);
		}
	}
	if (!query_path || seconds < 1 || idle < 1)
		die("--query PATH is needed; --seconds and --idle are at least 1");
}

static bool wanted(const char *name)
{
	return !only || strstr(name, only);
}

/* Here and, inherited, in the programs. */
static void allow_files(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return;
	limit.rlim_cur = limit.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &limit) < 0 || (rlim_t)idle + 500 > limit.rlim_max)
		idle = (int64_t)limit.rlim_cur - 500;
}

int main(int argc, char **argv)
{
	static const struct work works[] = {
		{ "10 a device", 1000, 10, 2000, 0 },
		{ "100 a device", 1000, 100, 400, 0 },
		{ "as fast as it goes", 1000, 10, 0, 2000 },
	};
	const struct web_options auth = {
		.address = "127.0.0.1", .threads = 16, .body_max = 1 << 20, .routes = routes
	};
	struct web *server;

	read_arguments(argc, argv);
	allow_files();
	signal(SIGPIPE, SIG_IGN);
	snprintf(prefix, sizeof prefix, "bench_live_%d.", (int)getpid());
	sent_at = calloc(PRODUCED_MAX, sizeof *sent_at);
	base_ms = clock_real_ms() - 3600000; /* a gateway takes no fix from the future */
	make_keys();
	if (!sent_at || web_open(&server, &auth) != 0)
		die("cannot listen");
	if (wanted("idle"))
		measure_idle(web_port(server));
	if (gateway_path && wanted("socket to socket"))
		measure_chain(web_port(server));
	for (size_t i = 0; i < sizeof works / sizeof *works; i++)
		if (wanted(works[i].name))
			measure(&works[i], web_port(server));
	web_close(server);
	return EXIT_SUCCESS;
}
