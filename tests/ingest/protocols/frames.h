/* frames - what the tests of every protocol do with a frame; each is placed where reading past its end is SIGSEGV */
#pragma once

#include "ingest/protocols/protocol.h"

/* Decodes a frame that must be whole and good. Its positions are valid until the next call. */
struct protocol_result frame_good(
	const struct protocol *p, const struct protocol_session *s, const void *frame, size_t len);

/* The only position of a text frame, on one line, what is absent left out:
 * "2026-01-02T03:04:05.000Z 50.1703,-5.1138 invalid speed=1.5 course=90 altitude=7 accuracy=10 battery=80 name=value ...",
 * "-" for no time and no place. Valid until the next call. */
const char *frame_says(const struct protocol *p, const struct protocol_session *s, const char *text);

/* The same of a position. */
const char *frame_summary(const struct position *at);

/* What decode() says to @len bytes that frame() takes for one frame. */
int frame_refused(const struct protocol *p, const struct protocol_session *s, const void *frame, size_t len);

/* Every proper prefix of a frame is PROTOCOL_MORE, but for one of @but bytes (0: none), and decode() refuses it. */
void frame_prefixes(
	const struct protocol *p, const struct protocol_session *s, const void *frame, size_t len, size_t but);

/* An endless frame that begins with @begin and goes on with @more is refused as too large at the limit, and not before. */
void frame_endless(const struct protocol *p, const char *begin, char more);

/* What is answered to @note, as text; " (close)" after it where the connection is to be closed. Valid until the next call. */
const char *frame_answer(const struct protocol *p, struct protocol_session *s, const struct protocol_note *note,
	enum protocol_reason refused);

/* A good text frame is answered by @answer; when it is refused, by nothing: what could not be read leaves the connection, the
 * rest closes it. */
void frame_answered(const struct protocol *p, struct protocol_session *s, const char *text, const char *answer);

/* The gateway's clock in frame_answer(): 2026-01-02 03:04:05.678. */
enum { FRAME_NOW_S = 1767323045 };
