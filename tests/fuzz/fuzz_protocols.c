/*
 * Any bytes, as a connection of one protocol: cut into frames, decoded and answered as the gateway does
 *
 * Built for each protocol, which FUZZ_PROTOCOL names. The first byte's lowest bit says whether checksums are made right
 * first, which no fuzzer guesses. Fuzz it with libFuzzer (see meson.build); `meson test` replays the corpus.
 */
#include "ingest/protocols/protocol.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { POSITIONS = 256, GROUPS = 8 };

static const struct protocol_limits limits = { .frame_max = 8192, .header_max = 2048 };

static void must(bool holds)
{
	if (!holds)
		abort();
}

/* What every caller relies on. */
static void check(const struct protocol_result *r)
{
	must(r->positions_n <= POSITIONS && r->groups_n <= GROUPS);
	for (size_t i = 0; i < r->groups_n; i++) {
		const struct protocol_group *g = &r->groups[i];
		must(*g->identifier && strlen(g->identifier) <= PROTOCOL_IDENTIFIER_MAX);
		must(!g->secret || strlen(g->secret) <= limits.frame_max);
		must(g->n <= r->positions_n && g->first <= r->positions_n - g->n);
	}
	for (size_t i = 0; i < r->positions_n; i++) {
		struct position p = r->positions[i];
		if (p.time_ms > 253402300799999) /* the gateway sees to times */
			p.time_ms = 0;
		must(!position_fault(&p));
	}
}

static bool one_frame(const struct protocol *p, struct protocol_session *session, const uint8_t *frame, size_t len)
{
	static struct position positions[POSITIONS];
	static struct protocol_group groups[GROUPS];
	static uint8_t memory[256 * 1024];
	struct protocol_scratch scratch = { groups, GROUPS, positions, POSITIONS, arena_over(memory, sizeof memory) };
	struct protocol_result result = { 0 };
	uint8_t out[PROTOCOL_ANSWER_MAX];

	int r = p->decode(session, frame, len, &scratch, &result);
	must(r >= 0 && r < REASONS);
	if (r == 0)
		check(&result);
	struct protocol_answer a = p->answer(session, &result.note, (enum protocol_reason)r, 1767323045000, out);
	must(a.len <= sizeof out);
	must(memchr(session->identifier, '\0', sizeof session->identifier) != NULL);
	return !a.close;
}

static uint16_t crc16(const uint8_t *from, const uint8_t *to, uint16_t crc, uint16_t polynomial)
{
	for (; from < to; from++) {
		crc ^= *from;
		for (int bit = 0; bit < 8; bit++)
			crc = (uint16_t)(crc & 1 ? crc >> 1 ^ polynomial : crc >> 1);
	}
	return crc;
}

static void mend_teltonika(uint8_t *frame, size_t len)
{
	if (len < 12 || frame[0] != 0 || frame[1] != 0)
		return;
	uint16_t crc = crc16(frame + 8, frame + len - 4, 0, 0xA001);
	frame[len - 4] = frame[len - 3] = 0;
	frame[len - 2] = (uint8_t)(crc >> 8);
	frame[len - 1] = (uint8_t)crc;
}

static void mend_gt06(uint8_t *frame, size_t len)
{
	if (len < 8)
		return;
	uint16_t crc = (uint16_t)~crc16(frame + 2, frame + len - 4, 0xFFFF, 0x8408);
	frame[len - 4] = (uint8_t)(crc >> 8);
	frame[len - 3] = (uint8_t)crc;
}

/* Unless the check would have to be escaped. */
static void mend_jt808(uint8_t *frame, size_t len)
{
	uint8_t check = 0;
	size_t from = 0;

	while (from < len && frame[from] != 0x7E)
		from++;
	if (len < from + 4 || frame[len - 3] == 0x7D)
		return;
	for (size_t i = from + 1; i < len - 2; i++) {
		bool escape = frame[i] == 0x7D && i + 1 < len - 2;
		check ^= escape ? (uint8_t)(frame[i + 1] + 0x7C) : frame[i];
		i += escape;
	}
	if (check != 0x7D && check != 0x7E)
		frame[len - 2] = check;
}

/* The sum of everything up to and with the asterisk five bytes before the end, in hex behind it. */
static void mend_meitrack(uint8_t *frame, size_t len)
{
	static const char hex[] = "0123456789ABCDEF";
	uint8_t sum = 0;

	if (len < 5)
		return;
	memcpy(frame + len - 2, "\r\n", 2);
	frame[len - 5] = '*';
	for (size_t i = 0; i <= len - 5; i++)
		sum = (uint8_t)(sum + frame[i]);
	frame[len - 4] = (uint8_t)hex[sum >> 4];
	frame[len - 3] = (uint8_t)hex[sum & 15];
}

/* The exclusive or of what is between the dollar and the asterisk, in hex behind it. */
static void mend_t55(uint8_t *frame, size_t len)
{
	static const char hex[] = "0123456789ABCDEF";
	uint8_t *dollar = memchr(frame, '$', len);
	uint8_t *star = dollar ? memchr(dollar, '*', (size_t)(frame + len - dollar)) : NULL;
	uint8_t sum = 0;

	if (!star || frame + len - star < 4)
		return;
	for (uint8_t *at = dollar + 1; at < star; at++)
		sum ^= *at;
	star[1] = (uint8_t)hex[sum >> 4];
	star[2] = (uint8_t)hex[sum & 15];
}

/* Gives a frame the checksum of its contents. */
static void mend(const struct protocol *p, uint8_t *frame, size_t len)
{
	static const struct {
		const char *name;
		void (*mend)(uint8_t *frame, size_t len);
	} menders[] = {
		{ "gt06", mend_gt06 },
		{ "jt808", mend_jt808 },
		{ "meitrack", mend_meitrack },
		{ "t55", mend_t55 },
		{ "teltonika", mend_teltonika },
	};

	for (size_t i = 0; i < sizeof menders / sizeof *menders; i++)
		if (!strcmp(p->name, menders[i].name))
			menders[i].mend(frame, len);
}

/* @data ends where its memory does, so that the sanitizer sees one byte read past it. */
static void connection(const struct protocol *p, bool mended, uint8_t *data, size_t size)
{
	struct protocol_session session = { 0 };
	uint8_t out[PROTOCOL_ANSWER_MAX];

	if (!p->frame) { /* a datagram */
		one_frame(p, &session, data, size);
		return;
	}
	while (size > 0) {
		ssize_t len = p->frame(data, size, &limits);
		must(len <= (ssize_t)size && len > -REASONS && len <= (ssize_t)limits.frame_max);
		if (len == PROTOCOL_MORE)
			must(size < limits.frame_max &&
				(!p->interim || p->interim(data, size, &limits, out) <= sizeof out));
		if (len <= 0)
			return;
		must(p->frame(data, (size_t)len, &limits) == len); /* what follows makes no difference */
		if (mended)
			mend(p, data, (size_t)len);
		if (!one_frame(p, &session, data, (size_t)len))
			return;
		data += len;
		size -= (size_t)len;
	}
}

extern const struct protocol FUZZ_PROTOCOL;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 2)
		return 0;
	uint8_t *exact = malloc(size - 1);
	if (!exact)
		return 0;
	memcpy(exact, data + 1, size - 1);
	connection(&FUZZ_PROTOCOL, data[0] & 1, exact, size - 1);
	free(exact);
	return 0;
}
