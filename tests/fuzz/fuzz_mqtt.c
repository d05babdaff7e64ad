/*
 * Any bytes, as what an MQTT broker says: packets, the session's answers, the messages of OwnTracks in them
 *
 * The first byte says in pieces of which size they come, the second what becomes of the messages. Fuzz it with libFuzzer (see
 * meson.build); `meson test` replays the corpus.
 */
#include "ingest/gateway/mqtt_session.h"
#include "ingest/protocols/owntracks_mqtt.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { POSITIONS = 64, GROUPS = 1, WINDOW = 4, MESSAGES_MAX = 4096, LAST_TURNS = 8 };

/* What the test knows of the session. */
struct witness {
	struct mqtt_session *session;
	uint8_t choices; /* rotated by a message */
	uint16_t due[MESSAGES_MAX]; /* ids that are to be acknowledged, in order */
	size_t due_first, due_n;
	bool under_way[WINDOW];
};

static void must(bool holds)
{
	if (!holds)
		abort();
}

static void decode(const struct mqtt_publish *m)
{
	static struct position positions[POSITIONS];
	static struct protocol_group groups[GROUPS];
	static uint8_t memory[256 * 1024];
	struct protocol_scratch scratch = { groups, GROUPS, positions, POSITIONS, arena_over(memory, sizeof memory) };
	struct protocol_result result = { 0 };

	int r = owntracks_mqtt_decode(slice_of(m->topic, m->topic_len),
		slice_of((const char *)m->payload, m->payload_len), &scratch, &result);
	must(r >= 0 && r < REASONS);
	must(result.groups_n <= GROUPS && result.positions_n <= POSITIONS);
	must(result.groups_n > 0 || result.positions_n == 0);
	if (result.groups_n > 0)
		must(*result.groups[0].identifier && strlen(result.groups[0].identifier) <= PROTOCOL_IDENTIFIER_MAX);
}

static enum mqtt_take on_message(void *owner, const struct mqtt_publish *m, size_t slot)
{
	struct witness *w = owner;
	uint8_t choice = w->choices & 7;

	must(slot < WINDOW && !w->under_way[slot]);
	if (!m->oversize)
		decode(m);
	w->choices = (uint8_t)(w->choices << 3 | w->choices >> 5);
	if (choice == 7)
		return MQTT_GIVE_UP;
	if (choice == 6)
		return MQTT_LATER;
	if (m->id != 0) {
		must(w->due_n < MESSAGES_MAX);
		w->due[w->due_n++] = m->id;
	}
	w->under_way[slot] = choice >= 2;
	return choice >= 2 ? MQTT_UNDER_WAY : MQTT_DONE;
}

/* Whatever the broker says, it gets what a subscriber sends, and each PUBACK in its turn. */
static int on_send(void *owner, const void *bytes, size_t n)
{
	struct witness *w = owner;
	const uint8_t *b = bytes;

	must(n >= 2);
	if (b[0] >> 4 != MQTT_PUBACK)
		return 0;
	must(n == 4 && w->due_first < w->due_n);
	must((b[2] << 8 | b[3]) == w->due[w->due_first++]);
	return 0;
}

static void on_subscribed(void *owner, uint8_t qos, bool kept)
{
	(void)owner;
	(void)kept;
	must(qos <= 2);
}

/* What is under way lands, the last one first. */
static int land(struct witness *w)
{
	int r = 0;

	for (size_t slot = WINDOW; slot > 0 && r == 0; slot--)
		if (w->under_way[slot - 1]) {
			w->under_way[slot - 1] = false;
			r = mqtt_session_done(w->session, slot - 1);
		}
	return r;
}

/* The first packet reads the same whatever follows, and not before it is whole. */
static void check_packet(const uint8_t *data, size_t size)
{
	struct mqtt_packet p, again;

	if (mqtt_read(data, size, MQTT_HEAD_MAX, &p) != 0 || p.size > size)
		return;
	must(mqtt_read(data, p.size, MQTT_HEAD_MAX, &again) == 0 && again.size == p.size);
	must(mqtt_read(data, p.size - 1, MQTT_HEAD_MAX, &again) == MQTT_E_MORE);
}

/* @data ends where its memory does, so that the sanitizer sees one byte read past it. */
static int receive(struct witness *w, const uint8_t *data, size_t size, int64_t now_ms, size_t *used)
{
	uint8_t *exact = malloc(size);
	if (!exact)
		return MQTT_SESSION_E_OVER;
	memcpy(exact, data, size);
	check_packet(exact, size);
	int r = mqtt_session_receive(w->session, exact, size, now_ms, used);
	must(*used <= size);
	must(mqtt_session_under_way(w->session) <= WINDOW);
	free(exact);
	return r;
}

static void converse(struct witness *w, const uint8_t *data, size_t size, size_t step)
{
	int r = mqtt_session_begin(w->session, 0);
	size_t at = 0;

	for (size_t end = 0; r != MQTT_SESSION_E_OVER && end < size + LAST_TURNS * step; end += step) {
		size_t there = end < size ? end : size, used = 0;
		r = receive(w, data + at, there - at, (int64_t)end, &used);
		at += used;
		if (r == MQTT_SESSION_E_WAIT)
			r = land(w);
		if (r == 0)
			r = mqtt_session_tick(w->session, (int64_t)end, true);
	}
	must(r != MQTT_SESSION_E_OVER || *mqtt_session_fault(w->session));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct witness w;
	const struct mqtt_session_options o = {
		.connect = { .client_id = "gw", .keep_alive_s = 1 },
		.filter = "#",
		.window = WINDOW,
		.packet_max = MQTT_HEAD_MAX,
		.patience_ms = 1000,
		.send = on_send,
		.subscribed = on_subscribed,
		.message = on_message,
		.owner = &w,
	};

	if (size < 3)
		return 0;
	w = (struct witness){ .choices = data[1] };
	if (mqtt_session_open(&w.session, &o) < 0)
		return 0;
	converse(&w, data + 2, size - 2, (size_t)data[0] + 1);
	mqtt_session_end(w.session);
	mqtt_session_close(w.session);
	return 0;
}
