#include "tests/bench/gateway_load.h"

#include "base/clock.h"
#include "base/err.h"
#include "socket/loop.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FRAME_SIZE = 16384, READ_MAX = 4096, CONNECTS_AT_ONCE = 64 };

struct tracker {
	struct fleet *fleet;
	struct stream *stream;
	int number;
	int64_t sent; /* frames */
	int64_t began_ns;
	bool logged_in, busy;
};

struct fleet {
	const struct load *load;
	struct loop *loop;
	struct tracker *trackers;
	int connecting, connected, busy;
	int64_t to_send; /* positions */
	int64_t first_ns, last_ns;
	double *acks_ms;
	size_t acks_n, acks_max;
	struct load_result result;
	int failed; /* -errno */
};

static bool is_osmand(const struct fleet *f)
{
	return !strcmp(f->load->protocol, "osmand");
}

static void fail(struct fleet *f, int r)
{
	if (f->failed == 0)
		f->failed = r;
	loop_stop(f->loop);
}

/* ---- frames ---- */

/* Device @d's @k-th place: a walk of 10 m a step. */
static double latitude(int d, int64_t k)
{
	return 36 + d % 977 * 0.02 + 0.00009 * (double)(k % 2000);
}

static double longitude(int d, int64_t k)
{
	return -9 + d % 991 * 0.04 + 0.00005 * (double)((k + d) % 3000);
}

static int64_t time_s(int64_t k)
{
	return 1767225600 + k;
}

static size_t osmand_frame(const struct tracker *t, char *out)
{
	const struct load *l = t->fleet->load;
	int rounds = (l->devices + l->connections - 1 - t->number % l->devices) / l->connections;
	int d = (t->number + l->connections * (int)(t->sent % (rounds < 1 ? 1 : rounds))) % l->devices;
	int64_t k = t->sent;

	return (size_t)snprintf(out, FRAME_SIZE,
		"GET "
		"/?id=bench%06d&lat=%.6f&lon=%.6f&timestamp=%lld&speed=5.2&bearing=90&altitude=120&accuracy=5&batt=80 "
		"HTTP/1.1\r\nHost: 127.0.0.1:%u\r\nAuthorization: Bearer " LOAD_SECRET "\r\n\r\n",
		d, latitude(d, k), longitude(d, k), (long long)time_s(k), l->port);
}

static uint8_t *put(uint8_t *at, uint64_t v, int bytes)
{
	for (int i = bytes - 1; i >= 0; i--)
		*at++ = (uint8_t)(v >> 8 * i);
	return at;
}

static uint8_t *put_record(uint8_t *at, int d, int64_t k)
{
	static const uint8_t elements[] = { 0, 5, /* event, total */
		2, 239, 1, 21, 4, /* ignition, signal */
		2, 66, 0x31, 0x38, 67, 0x10, 0x04, /* voltages */
		1, 16, 0, 1, 0x86, 0xA0, /* odometer */
		0 };

	at = put(at, (uint64_t)time_s(k) * 1000, 8);
	*at++ = 0;
	at = put(at, (uint32_t)(int32_t)(longitude(d, k) * 1e7), 4);
	at = put(at, (uint32_t)(int32_t)(latitude(d, k) * 1e7), 4);
	at = put(at, 120, 2);
	at = put(at, 90, 2);
	*at++ = 9;
	at = put(at, 18, 2);
	memcpy(at, elements, sizeof elements);
	return at + sizeof elements;
}

static uint16_t crc16(const uint8_t *p, const uint8_t *end)
{
	uint16_t crc = 0;

	for (; p < end; p++) {
		crc ^= *p;
		for (int bit = 0; bit < 8; bit++)
			crc = (uint16_t)(crc & 1 ? crc >> 1 ^ 0xA001 : crc >> 1);
	}
	return crc;
}

static size_t teltonika_login(const struct tracker *t, uint8_t *out)
{
	char imei[16];

	snprintf(imei, sizeof imei, "35%013d", t->number);
	put(out, 15, 2);
	memcpy(out + 2, imei, 15);
	return 17;
}

static size_t teltonika_frame(const struct tracker *t, uint8_t *out)
{
	int records = t->fleet->load->records;
	uint8_t *at = out + 8;

	if (!t->logged_in)
		return teltonika_login(t, out);
	*at++ = 8;
	*at++ = (uint8_t)records;
	for (int i = 0; i < records; i++)
		at = put_record(at, t->number, t->sent * records + i);
	*at++ = (uint8_t)records;
	put(out, 0, 4);
	put(out + 4, (uint64_t)(at - out - 8), 4);
	return (size_t)(put(at, crc16(out + 8, at), 4) - out);
}

/* ---- playing ---- */

static void all_acknowledged(struct fleet *f)
{
	if (f->load->idle)
		f->load->idle(f->load->arg);
	loop_stop(f->loop);
}

static void send_next(struct tracker *t)
{
	static uint8_t frame[FRAME_SIZE];
	struct fleet *f = t->fleet;
	bool login = !is_osmand(f) && !t->logged_in;

	if (!login && f->to_send <= 0) {
		if (f->busy == 0 && f->connected == f->load->connections)
			all_acknowledged(f);
		return;
	}
	size_t n = is_osmand(f) ? osmand_frame(t, (char *)frame) : teltonika_frame(t, frame);
	t->busy = true;
	t->began_ns = clock_mono_ns();
	f->busy++;
	if (!login) {
		f->to_send -= f->load->records;
		t->sent++;
	}
	if (stream_write(t->stream, frame, n) < 0)
		fail(f, -EPIPE);
}

static void acknowledged(struct tracker *t, int64_t positions)
{
	struct fleet *f = t->fleet;
	int64_t now_ns = clock_mono_ns();

	if (f->acks_n < f->acks_max)
		f->acks_ms[f->acks_n++] = (double)(now_ns - t->began_ns) / 1e6;
	f->result.acknowledged += positions;
	f->result.refused += f->load->records - positions;
	f->last_ns = now_ns;
}

static void connect_more(struct fleet *f);

/* All log in, or have sent their first request, before the clock starts. */
static void begin_when_all_are_there(struct fleet *f)
{
	if (f->connected < f->load->connections) {
		connect_more(f);
		return;
	}
	f->first_ns = clock_mono_ns();
	for (int i = 0; i < f->load->connections; i++)
		send_next(&f->trackers[i]);
}

/* Length of the HTTP answer at the front, 0 when it is not whole. */
static size_t http_answer(const char *bytes, size_t n, int *ret_status)
{
	const char *end = memmem(bytes, n, "\r\n\r\n", 4);
	const char *length = end ? memmem(bytes, (size_t)(end - bytes) + 2, "Content-Length: ", 16) : NULL;

	if (!length || sscanf(bytes, "HTTP/1.1 %d", ret_status) != 1)
		return 0;
	size_t whole = (size_t)(end - bytes) + 4 + strtoul(length + 16, NULL, 10);
	return whole <= n ? whole : 0;
}

static size_t on_data(struct stream *s, void *user, const uint8_t *bytes, size_t n)
{
	struct tracker *t = user;
	struct fleet *f = t->fleet;
	size_t used;
	int status = 0;

	(void)s;
	if (is_osmand(f)) {
		used = http_answer((const char *)bytes, n, &status);
		if (used > 0)
			acknowledged(t, status == 200);
	} else if (!t->logged_in) {
		used = 1;
		t->logged_in = bytes[0] == 1;
		if (!t->logged_in)
			fail(f, -EACCES);
	} else {
		used = n >= 4 ? 4 : 0;
		if (used > 0)
			acknowledged(t, bytes[3]);
	}
	if (used == 0)
		return 0;
	f->busy--;
	t->busy = false;
	if (f->first_ns == 0) {
		f->connected++;
		f->connecting--;
		begin_when_all_are_there(f);
	} else {
		send_next(t);
	}
	return used;
}

static void on_closed(struct stream *s, void *user, enum stream_end end)
{
	struct tracker *t = user;

	(void)s;
	if (end != STREAM_END_US)
		fail(t->fleet, -EPIPE);
}

static void on_connected(struct stream *s, void *user, int r)
{
	struct tracker *t = user;
	struct fleet *f = t->fleet;

	(void)s;
	if (r < 0) {
		fail(f, r);
	} else if (is_osmand(f)) {
		f->connected++;
		f->connecting--;
		begin_when_all_are_there(f);
	} else {
		send_next(t); /* the login */
	}
}

static const struct stream_events events = { .data = on_data, .closed = on_closed };

static void connect_more(struct fleet *f)
{
	while (f->connecting < CONNECTS_AT_ONCE && f->connecting + f->connected < f->load->connections) {
		struct tracker *t = &f->trackers[f->connecting + f->connected];
		t->fleet = f;
		t->number = (int)(t - f->trackers);
		f->connecting++;
		int r = stream_connect(
			&t->stream, f->loop, "127.0.0.1", f->load->port, &events, READ_MAX, on_connected, t);
		if (r < 0) {
			fail(f, r);
			return;
		}
	}
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void sum_up(struct fleet *f, struct load_result *ret)
{
	size_t n = f->acks_n;

	*ret = f->result;
	ret->seconds = (double)(f->last_ns - f->first_ns) / 1e9;
	if (n == 0)
		return;
	qsort(f->acks_ms, n, sizeof *f->acks_ms, compare);
	ret->ack_p50_ms = f->acks_ms[n / 2];
	ret->ack_p99_ms = f->acks_ms[n - 1 - n / 100];
}

int load_play(const struct load *l, struct load_result *ret)
{
	struct fleet f = { .load = l, .to_send = l->positions, .acks_max = (size_t)(l->positions / l->records) + 1 };
	int r = -ENOMEM;

	f.trackers = calloc((size_t)l->connections, sizeof *f.trackers);
	f.acks_ms = calloc(f.acks_max, sizeof *f.acks_ms);
	if (f.trackers && f.acks_ms)
		r = loop_open(&f.loop);
	if (r == 0) {
		connect_more(&f);
		r = f.failed == 0 ? loop_run(f.loop) : 0;
		r = f.failed != 0 ? f.failed : r;
		sum_up(&f, ret);
		loop_close(f.loop);
	}
	free(f.trackers);
	free(f.acks_ms);
	return r;
}
