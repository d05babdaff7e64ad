/*
 * Teltonika codec 8, 8 extended and 16 over UDP
 *
 *   datagram = length:2 packet:2 unused:1 (01) avl:1 imei_length:2 (15) imei:15 body        length counts from the packet on
 *   body     = as over TCP (teltonika_records.c), without a checksum
 *   answer   = 0005 packet:2 unused:1 avl:1 count:1
 *
 * Source: Teltonika wiki, "Teltonika Data Sending Protocols", "Communication with server over UDP". The device sends the datagram again
 * when no answer comes, or another count than it sent. So nothing is answered to what is refused: the records stay in the device,
 * and whoever sends under an address that is not theirs makes the gateway say nothing to anybody.
 */
#include "ingest/protocols/teltonika.h"

#include <string.h>

enum {
	LENGTH = 2,
	ANSWER_LENGTH = 5, /* what follows the length */
	COUNT_AT = LENGTH + ANSWER_LENGTH - 1,
};

/* protocol_note.state: the three numbers, as they came */
enum { NOTE_NUMBERS = 0, NUMBERS = 4 };

/* Leaves the body in @w. */
static int read_header(struct wire *w, struct protocol_scratch *scratch, struct protocol_result *result)
{
	uint16_t length = wire_u16(w);

	if (!wire_ok(w) || length != w->left)
		return REASON_BAD_FRAME;
	const uint8_t *numbers = wire_bytes(w, NUMBERS);
	uint16_t imei_length = wire_u16(w);
	const uint8_t *imei = wire_bytes(w, TELTONIKA_IMEI);
	if (!imei || imei_length != TELTONIKA_IMEI || !teltonika_is_imei(imei))
		return REASON_BAD_FRAME;
	memcpy(result->note.state + NOTE_NUMBERS, numbers, NUMBERS);
	if (scratch->groups_max == 0)
		return REASON_TOO_MANY;
	const char *identifier = arena_text(&scratch->arena, (const char *)imei, TELTONIKA_IMEI);
	scratch->groups[0] = (struct protocol_group){ .identifier = identifier };
	return identifier ? 0 : REASON_TOO_MANY;
}

static int teltonika_udp_decode(const struct protocol_session *session, const uint8_t *frame, size_t len,
	struct protocol_scratch *scratch, struct protocol_result *ret)
{
	struct protocol_result result = { 0 };
	struct wire w = wire_over(frame, len);

	(void)session;
	arena_reset(&scratch->arena);
	int e = read_header(&w, scratch, &result);
	if (e == 0)
		e = teltonika_records(&w, scratch, &result);
	ret->note = result.note;
	if (e != 0)
		return e;
	protocol_one_group(&result, scratch, scratch->groups[0].identifier, NULL);
	*ret = result;
	return 0;
}

static struct protocol_answer teltonika_udp_answer(struct protocol_session *session, const struct protocol_note *note,
	enum protocol_reason refused, int64_t now_ms, uint8_t *out)
{
	(void)session;
	(void)now_ms;
	if (refused)
		return (struct protocol_answer){ 0 };
	out[0] = 0;
	out[1] = ANSWER_LENGTH;
	memcpy(out + LENGTH, note->state + NOTE_NUMBERS, NUMBERS);
	out[COUNT_AT] = (uint8_t)note->records;
	return (struct protocol_answer){ .len = LENGTH + ANSWER_LENGTH };
}

const struct protocol protocol_teltonika_udp = {
	.name = "teltonika-udp",
	.port = 5027,
	.transport = PROTOCOL_UDP,
	.idle_s = 1800,
	.decode = teltonika_udp_decode,
	.answer = teltonika_udp_answer,
};
