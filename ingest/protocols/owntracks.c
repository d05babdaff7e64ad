/*
 * OwnTracks over HTTP, the apps for Android and iOS
 *
 *   POST with a message as JSON (owntracks_json.h), or an empty body, which is fine and says nothing
 *
 * Source: https://owntracks.org/booklet/tech/http/. The device is named by the app's Device ID, which comes as the header X-Limit-D or as the
 * parameter d; without, by the topic in the message (the same), by the user (X-Limit-U, u), or by the tracker id. The secret is the
 * app's password.
 *
 * Answers: 200 with an array of JSON, the owner's other pets (owntracks_friends.h); 401 for a wrong secret and for an unknown device, which the app shows as a wrong user or password and
 * keeps its messages; 400, 503 as usual.
 */
#include "ingest/protocols/claim.h"
#include "ingest/protocols/owntracks_friends.h"
#include "ingest/protocols/owntracks_json.h"

/* The array of messages for the app, where it is not known who else there is. */
static const char nobody[] = "[]";

struct names {
	struct slice device, user;
};

static int read_query(struct names *n, struct claim *claim, struct slice text, struct arena *arena)
{
	struct slice name, value;
	int e = 0;

	while (e == 0 && http_pair(&text, &name, &value)) {
		e = http_unescape(&value, value, arena);
		if (e != 0)
			break;
		if (slice_is(name, "d") || slice_is(name, "id"))
			n->device = value;
		else if (slice_is(name, "u"))
			n->user = value;
		else if (slice_is(name, "secret"))
			e = claim_secret(claim, value, arena);
	}
	return e;
}

/* The first that is there. */
static struct slice choose(const struct names *header, const struct names *query, const struct owntracks_sender *sender)
{
	struct names topic = { 0 };

	owntracks_topic(sender->topic, &topic.user, &topic.device);
	const struct slice candidates[] = { header->device, query->device, topic.device, header->user, query->user,
		sender->tracker };
	for (size_t i = 0; i < sizeof candidates / sizeof *candidates; i++)
		if (candidates[i].n > 0)
			return candidates[i];
	return (struct slice){ 0 };
}

static int read_request(const struct http_request *http, struct slice body, struct protocol_scratch *scratch,
	struct protocol_result *result)
{
	const struct names header = { .device = http->device, .user = http->user };
	struct owntracks_sender sender = { 0 };
	struct arena *arena = &scratch->arena;
	struct names query = { 0 };
	struct claim claim = { 0 };

	int e = read_query(&query, &claim, http->query, arena);
	if (e == 0 && body.n > 0)
		e = owntracks_json(body, scratch, result, &sender);
	if (e != 0)
		return e;
	struct slice identifier = choose(&header, &query, &sender);
	if (identifier.n == 0 && body.n == 0)
		return 0;
	e = identifier.n > 0 ? claim_identifier(&claim, identifier, arena) : 0;
	return e != 0 ? e : claim_end(&claim, http, scratch, result);
}

static int owntracks_decode(const struct protocol_session *session, const uint8_t *frame, size_t len,
	struct protocol_scratch *scratch, struct protocol_result *ret)
{
	(void)session;
	return http_decode(read_request, frame, len, scratch, ret);
}

static struct protocol_answer owntracks_answer(struct protocol_session *session, const struct protocol_note *note,
	enum protocol_reason refused, int64_t now_ms, uint8_t *out)
{
	int status = refused == REASON_UNKNOWN_DEVICE ? 401 : http_status(refused);

	(void)session;
	if (!refused)
		return http_answer_json(note, nobody, now_ms, out);
	return http_answer(note, status, refused, now_ms, out);
}

static struct protocol_answer owntracks_answer_company(struct protocol_session *session,
	const struct protocol_note *note, const struct protocol_company *company, int64_t now_ms, uint8_t *out,
	size_t size)
{
	char json[PROTOCOL_COMPANY_MAX - HTTP_HEAD_MAX];
	size_t room = size - HTTP_HEAD_MAX;

	(void)session;
	owntracks_friends(json, room < sizeof json ? room : sizeof json, company);
	return http_answer_long_json(note, json, now_ms, out, size);
}

const struct protocol protocol_owntracks = {
	.name = "owntracks",
	.port = 5144,
	.transport = PROTOCOL_TCP,
	.idle_s = 120,
	.http = true,
	.secret = true,
	.frame_need = 256 * 1024, /* a picture may come with a place */
	.frame = http_frame,
	.interim = http_interim,
	.decode = owntracks_decode,
	.answer = owntracks_answer,
	.answer_company = owntracks_answer_company,
};
