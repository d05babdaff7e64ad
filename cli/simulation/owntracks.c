/*
 * owntracks - the requests of OwnTracks in mode HTTP, one position each, on a kept connection
 *
 * The device is named by the header X-Limit-D, its secret is the password. https://owntracks.org/booklet/tech/http/.
 */
#include "cli/simulation/http.h"
#include "cli/simulation/owntracks_message.h"

static size_t frame(
	uint8_t *out, size_t size, const char *identifier, const char *secret, const struct position *p, size_t n)
{
	static const char user[] = "pettrack";
	char message[OWNTRACKS_MESSAGE_SIZE];
	struct text t = text_in((char *)out, size), body = text_in(message, sizeof message);

	(void)n;
	owntracks_put_message(&body, identifier, p);
	text_printf(&t, "POST / HTTP/1.1\r\nHost: gateway\r\nX-Limit-U: %s\r\nX-Limit-D: %s\r\n", user, identifier);
	http_put_basic(&t, user, secret);
	http_put_json(&t, &body);
	return text_ok(&t) ? t.len : 0;
}

/* Cards and places of friends, or nothing. */
static bool is_array(const char *body, size_t n)
{
	return n >= 2 && body[0] == '[' && body[n - 1] == ']';
}

static struct reply read_answer(const uint8_t *bytes, size_t len, bool greeting, size_t sent)
{
	(void)greeting;
	return http_reply(bytes, len, sent, is_array);
}

const struct dialect dialect_owntracks = {
	.name = "owntracks",
	.protocol = "owntracks",
	.port = 5144,
	.records_max = 1,
	.seconds = true,
	.frame = frame,
	.read = read_answer,
};
