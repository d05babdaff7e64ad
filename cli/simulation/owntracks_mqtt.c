/*
 * owntracks_mqtt - OwnTracks in mode MQTT: an app at a broker, to which a gateway has subscribed
 *
 *   login    CONNECT: clean session, no keep alive; client id and user name are the identifier        answered by CONNACK
 *   frame    PUBLISH of one position, QoS 1, to owntracks/pettrack/IDENTIFIER                         answered by PUBACK
 *
 * The broker acknowledges, and hands on. Its packets: OASIS Standard "MQTT Version 3.1.1". There is no password: the secret is the
 * gateway's, not the broker's.
 */
#include "cli/simulation/dialect.h"
#include "cli/simulation/owntracks_message.h"
#include "cli/simulation/writer.h"

enum {
	CONNECT = 0x10,
	CONNACK = 0x20,
	PUBLISH_QOS_1 = 0x32,
	PUBACK = 0x40,
	LEVEL_3_1_1 = 4,
	CLEAN_SESSION = 0x02,
	USER_NAME = 0x80,
	PACKET_ID = 1, /* free again once it is acknowledged */
	ANSWER_SIZE = 4,
	ACCEPTED = 0,
	NOT_AVAILABLE = 3,
	WRONG_USER = 4,
	NOT_AUTHORIZED = 5,
};

#define TOPIC "owntracks/pettrack/"

static void put_head(struct writer *w, uint8_t first, size_t length)
{
	writer_be(w, first, 1);
	for (; length >= 0x80; length /= 0x80)
		writer_be(w, length % 0x80 + 0x80, 1);
	writer_be(w, length, 1);
}

static void put_text(struct writer *w, const char *text)
{
	writer_be(w, strlen(text), 2);
	writer_put(w, text, strlen(text));
}

static size_t login(uint8_t *out, size_t size, const char *identifier)
{
	struct writer w = writer_in(out, size);

	put_head(&w, CONNECT, 10 + 2 * (2 + strlen(identifier)));
	put_text(&w, "MQTT");
	writer_be(&w, LEVEL_3_1_1, 1);
	writer_be(&w, CLEAN_SESSION | USER_NAME, 1);
	writer_be(&w, 0, 2); /* keep alive */
	put_text(&w, identifier);
	put_text(&w, identifier);
	return writer_len(&w);
}

static size_t frame(
	uint8_t *out, size_t size, const char *identifier, const char *secret, const struct position *p, size_t n)
{
	char message[OWNTRACKS_MESSAGE_SIZE], topic[sizeof TOPIC + DIALECT_IDENTIFIER_MAX];
	struct text body = text_in(message, sizeof message), to = text_in(topic, sizeof topic);
	struct writer w = writer_in(out, size);

	(void)secret;
	(void)n;
	owntracks_put_message(&body, identifier, p);
	text_printf(&to, TOPIC "%s", identifier);
	put_head(&w, PUBLISH_QOS_1, 2 + to.len + 2 + body.len);
	put_text(&w, topic);
	writer_be(&w, PACKET_ID, 2);
	writer_put(&w, message, body.len);
	return text_ok(&body) && text_ok(&to) ? writer_len(&w) : 0;
}

static enum reply_kind welcome(uint8_t code)
{
	switch (code) {
	case ACCEPTED:
		return REPLY_WELCOME;
	case NOT_AVAILABLE:
		return REPLY_LATER;
	case WRONG_USER:
	case NOT_AUTHORIZED:
		return REPLY_DENIED;
	default:
		return REPLY_GARBAGE;
	}
}

static struct reply read_answer(const uint8_t *bytes, size_t len, bool greeting, size_t sent)
{
	const uint8_t want[] = { greeting ? CONNACK : PUBACK, 2, 0 };
	size_t there = len < sizeof want ? len : sizeof want;
	struct reply r = { .used = ANSWER_SIZE };

	if (memcmp(bytes, want, there) != 0)
		return (struct reply){ .kind = REPLY_GARBAGE };
	if (len < ANSWER_SIZE)
		return (struct reply){ .kind = REPLY_MORE };
	if (greeting)
		r.kind = welcome(bytes[3]);
	else
		r.kind = bytes[3] == PACKET_ID ? REPLY_TAKEN : REPLY_GARBAGE;
	r.taken = r.kind == REPLY_TAKEN ? sent : 0;
	r.last = greeting && r.kind != REPLY_WELCOME;
	return r.kind == REPLY_GARBAGE ? (struct reply){ .kind = REPLY_GARBAGE } : r;
}

const struct dialect dialect_owntracks_mqtt = {
	.name = "owntracks-mqtt",
	.protocol = "owntracks-mqtt",
	.port = 1883,
	.records_max = 1,
	.seconds = true,
	.broker = true,
	.login = login,
	.frame = frame,
	.read = read_answer,
};
