/*
 * protocol - one tracker protocol: where its frames end, what a frame says, what to answer
 *
 * To add one: ingest/protocols/NAME.c defines `const struct protocol protocol_NAME`, table.c gets a row,
 * tests/ingest/protocols/test_NAME.c gets the vectors. Nothing else changes.
 *
 * All functions are pure: they see bytes, the small session of the connection and the caller's scratch; no I/O, no
 * allocation, no log, no clock. A frame may name no device (the session's login did), one, or many.
 *
 * How a connection uses them: frame() until a frame is whole; decode(); the caller finds out whether the devices named
 * are known (and their secrets right), stores the positions; when they are durable, or the frame is refused, answer(),
 * which also moves the session on. A frame may be decoded more than once before it is answered.
 *
 * Thread: any; a session and a scratch are used by one thread at a time.
 */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "base/position.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum {
	PROTOCOL_IDENTIFIER_MAX = 64, /* bytes of what a tracker calls itself */
	PROTOCOL_ANSWER_MAX = 512, /* bytes of one answer */
	PROTOCOL_COMPANY_MAX = 32 * 1024, /* bytes of one that tells of the device's company */
	PROTOCOL_MORE = 0, /* frame(): the first frame is not whole yet */
};

/* Why a frame, or a part of one, is refused; its name is a label in the metrics. Also the result of decode(): 0 for a
 * frame that was read. */
enum protocol_reason {
	REASON_BAD_FRAME = 1, /* the bytes are not this protocol */
	REASON_TOO_LARGE, /* a frame, or an HTTP body, beyond its bound */
	REASON_HEADER_TOO_LARGE, /* an HTTP request's line and headers are */
	REASON_BAD_CHECKSUM,
	REASON_UNSUPPORTED, /* well formed, but of a kind that is not spoken here */
	REASON_BAD_VALUE, /* a time or a place that is none */
	REASON_TOO_MANY, /* more positions or attributes than the scratch holds */
	REASON_NO_DEVICE, /* the frame names no device, and no login came before */
	REASON_UNKNOWN_DEVICE, /* the rest is said by the caller, after decode() */
	REASON_NOT_ALLOWED, /* by a rule of the device; answer() is told REASON_UNKNOWN_DEVICE */
	REASON_WRONG_SECRET, /* or none */
	REASON_UNAVAILABLE, /* not now: Kafka or auth is away */
	REASONS,
};

/* "bad_frame", "unknown_device"... */
const char *protocol_reason_name(enum protocol_reason r);

struct protocol_limits {
	size_t frame_max; /* bytes of a frame; for HTTP, of a request */
	size_t header_max; /* HTTP: bytes of the request line and the headers */
};

/* What is set for all protocols, bytes. */
struct protocol_sizes {
	size_t frame_max;
	size_t header_max, body_max; /* HTTP */
};

/* What a connection remembers between frames. Starts all zero. */
struct protocol_session {
	char identifier[PROTOCOL_IDENTIFIER_MAX + 1]; /* of the accepted login; "" before */
	uint8_t state[8]; /* the protocol's own */
};

/* The positions of one device in a frame. Text is in the scratch. */
struct protocol_group {
	const char *identifier; /* not empty, at most PROTOCOL_IDENTIFIER_MAX; may hold anything else */
	const char *secret; /* as presented; NULL: none */
	size_t first, n; /* among the result's positions; n = 0: a login, to be answered and nothing to store */
};

/* What answer() needs of a frame once the frame is gone. */
struct protocol_note {
	uint32_t records;
	uint8_t state[16]; /* the protocol's own */
};

/* A frame's contents. decode() does not set position.device, .received_ms and .protocol; a time_ms of 0 says that the frame has no
 * date. No group at all: the frame wants at most an answer. */
struct protocol_result {
	struct protocol_group *groups;
	size_t groups_n;
	struct position *positions;
	size_t positions_n;
	struct protocol_note note; /* set even when the frame is refused */
};

/* The caller's memory for one frame's contents, reused for the next. */
struct protocol_scratch {
	struct protocol_group *groups;
	size_t groups_max;
	struct position *positions;
	size_t positions_max;
	struct arena arena; /* text and attributes; decode() resets it */
};

struct protocol_answer {
	size_t len; /* bytes written, may be 0 */
	bool close; /* then close the connection */
};

/* A device of an owner, as others of that owner are told of it. */
struct protocol_member {
	const char *name; /* its pet's, or its own; UTF-8 */
	struct position
		position; /* the last that is known, with a place and without attributes; its device is the member's id */
};

/* All that the owner of a frame's device may see. */
struct protocol_company {
	const struct protocol_member *members; /* ascending by id */
	size_t n;
	struct uuid self; /* the frame's device: one of them, usually, and not told of itself */
};

enum protocol_transport {
	PROTOCOL_TCP = 1,
	PROTOCOL_UDP, /* a datagram is a frame; frame() is NULL, the session starts anew with each */
};

struct protocol {
	const char *name; /* in settings, metrics and the positions' protocol field */
	uint16_t port; /* default */
	enum protocol_transport transport;
	unsigned idle_s; /* how long a connection may say nothing, unless set otherwise */
	bool http;
	bool secret; /* devices must present theirs; else the identifier is all there is */
	bool shared; /* each frame names its device: a connection may be of several, and one that is not known says nothing of the next */
	size_t frame_need; /* bytes that its frames may well have: the least frame_max; 0: what is set will do */

	/* Bytes of the first frame in @buf, PROTOCOL_MORE, or -reason: give the reason to answer() and close. More than
	 * frame_max bytes are never asked for. */
	ssize_t (*frame)(const uint8_t *buf, size_t len, const struct protocol_limits *limits);

	/* What to say while a frame is not whole (HTTP's 100 Continue), into @out of PROTOCOL_ANSWER_MAX bytes; once a frame.
	 * May be NULL. */
	size_t (*interim)(const uint8_t *buf, size_t len, const struct protocol_limits *limits, uint8_t *out);

	/* Reads one whole frame. 0 or enum protocol_reason; *ret->note is set in both cases, the rest of *ret for 0. */
	int (*decode)(const struct protocol_session *session, const uint8_t *frame, size_t len,
		struct protocol_scratch *scratch, struct protocol_result *ret);

	/* What to answer, into @out of PROTOCOL_ANSWER_MAX bytes. @refused: 0 when the frame is accepted and durable. @note:
	 * decode()'s, or all zero when frame() refused. @now_ms: the gateway's clock. */
	struct protocol_answer (*answer)(struct protocol_session *session, const struct protocol_note *note,
		enum protocol_reason refused, int64_t now_ms, uint8_t *out);

	/* The same for a frame that is accepted and durable, where its device's company is known, into @out of @size bytes
	 * (PROTOCOL_ANSWER_MAX or more). NULL: the protocol's trackers do not want to know. */
	struct protocol_answer (*answer_company)(struct protocol_session *session, const struct protocol_note *note,
		const struct protocol_company *company, int64_t now_ms, uint8_t *out, size_t size);
};

/* All positions that @result has so far are of one device; the caller knows that the scratch has room for a group. */
static inline void protocol_one_group(struct protocol_result *result, const struct protocol_scratch *scratch,
	const char *identifier, const char *secret)
{
	scratch->groups[0] = (struct protocol_group){ identifier, secret, .n = result->positions_n };
	result->groups = scratch->groups;
	result->groups_n = 1;
	result->positions = scratch->positions;
}

/* Every protocol, NULL-terminated. */
extern const struct protocol *const protocols[];

/* The one called @name, or NULL. */
const struct protocol *protocol_find(const char *name);

/* The limits of @p's frames: as set, or as much as it needs. */
struct protocol_limits protocol_limits_of(const struct protocol *p, const struct protocol_sizes *set);

/* Whether @identifier can be one: [A-Za-z0-9._-]{1,64}. What is not need not be looked up. */
bool protocol_identifier_possible(const char *identifier);
