/* decode - what the gateway makes of a capture. */
#include "cli/command.h"
#include "cli/decode_stream.h"
#include "base/text.h"
#include "base/time.h"
#include "service/service.h"

#include <stdlib.h>
#include <string.h>

enum { NAMES_SIZE = 512, SUMMARY_SIZE = 1536 };

static bool as_hex, as_text, as_http;
static const char *login;
static int64_t now_ms, line_max, frame_max, header_max, body_max;

static const char *setting_time(const char *said, void *target, int64_t min, int64_t max)
{
	int64_t ms;

	(void)min;
	(void)max;
	if (time_parse(&ms, said, strlen(said)))
		return "must be a time such as 2026-01-02T03:04:05Z";
	*(int64_t *)target = ms;
	return NULL;
}

static const char *setting_login(const char *said, void *target, int64_t min, int64_t max)
{
	if (!protocol_identifier_possible(said))
		return "must be 1 to 64 letters, digits, '.', '_' or '-'";
	return setting_text(said, target, min, max);
}

static const struct setting settings[] = {
	{ "PETTRACK_HEX", "false", setting_bool, &as_hex, "a line is hex digits; blanks between them are passed over" },
	{ "PETTRACK_TEXT", "false", setting_bool, &as_text,
		"a line is text, with \\r \\n \\t \\0 \\\\ \\xNN for other bytes; the end of a frame may be missing" },
	{ "PETTRACK_HTTP", "false", setting_bool, &as_http,
		"a line is a request as JSON: {\"method\", \"uri\", \"headers\": {}, \"body\"}" },
	{ "PETTRACK_LOGIN", NULL, setting_login, &login,
		"the device that has logged in before the first line; for a capture that begins later" },
	{ "PETTRACK_NOW", NULL, setting_time, &now_ms, "the time in answers that have one; without it now" },
	{ "PETTRACK_LINE_MAX", "4M", setting_size, &line_max, "bytes of a line", 1024, 1 << 26 },
	{ "GATEWAY_FRAME_MAX", "8k", setting_size, &frame_max, "bytes of a frame", 256, 1 << 20 },
	{ "GATEWAY_HTTP_HEADER_MAX", "8k", setting_size, &header_max, "bytes of a request's line and headers", 256,
		1 << 20 },
	{ "GATEWAY_HTTP_BODY_MAX", "64k", setting_size, &body_max, "bytes of a request's body", 256, 1 << 24 },
	{ 0 },
};

/* ---- which protocol ---- */

/* What others call them. */
static const struct {
	const char *called, *name;
} aliases[] = {
	{ "gl200-text", "gl200" },
	{ "gl200-binary", "gl200" },
	{ "nmea", "t55" },
	{ "t55-nmea", "t55" },
	{ "teltonika-tcp", "teltonika" },
};

static const struct protocol *find(const char *called)
{
	for (size_t i = 0; i < sizeof aliases / sizeof *aliases; i++)
		if (!strcmp(called, aliases[i].called))
			return protocol_find(aliases[i].name);
	return protocol_find(called);
}

/* What is spoken over UDP on the port of @p, which is TCP's; NULL: nothing. */
static const struct protocol *datagrams_of(const struct protocol *p)
{
	for (const struct protocol *const *other = protocols; p->transport == PROTOCOL_TCP && *other; other++)
		if ((*other)->transport == PROTOCOL_UDP && (*other)->port == p->port)
			return *other;
	return NULL;
}

/* "osmand, owntracks, ..." Valid until the next call. */
static const char *names(void)
{
	static char buf[NAMES_SIZE];
	struct text t = text_in(buf, sizeof buf);

	for (const struct protocol *const *p = protocols; *p; p++) {
		text_puts(&t, t.len > 0 ? ", " : "");
		text_puts(&t, (*p)->name);
	}
	return buf;
}

static const char *summary(void)
{
	static char buf[SUMMARY_SIZE];
	struct text t = text_in(buf, sizeof buf);

	text_printf(&t,
		"Shows what the gateway makes of a capture: one frame a line from standard input, one line of JSON "
		"each.\n"
		"The session stays from line to line. Devices are taken for known, and their secrets for right; "
		"nothing is "
		"stored.\nA frame that the gateway would refuse has the reason in \"error\".\nPROTOCOL is one of %s.",
		names());
	return buf;
}

/* ---- the command ---- */

/* 0, or the exit status. */
static int choose(struct decode_options *o, const char *name)
{
	const struct protocol *p = name ? find(name) : NULL;

	if (!p) {
		complain(name ? "no protocol is called '%s': there are %s" : "which protocol%s? One of %s",
			name ? name : "", names());
		return 2;
	}
	if (as_hex + as_text + as_http != 1) {
		complain("what does a line look like? Say one of --hex, --text and --http");
		return 2;
	}
	if (as_http && !p->http) {
		complain("%s is not spoken over HTTP: say --hex or --text", p->name);
		return 2;
	}
	const struct protocol_sizes sizes = { (size_t)frame_max, (size_t)header_max, (size_t)body_max };
	*o = (struct decode_options){
		.protocol = p,
		.datagrams = datagrams_of(p),
		.limits = protocol_limits_of(p, &sizes),
		.form = as_hex    ? DECODE_HEX
			: as_text ? DECODE_TEXT
				  : DECODE_HTTP,
		.login = login,
		.now_ms = now_ms,
		.line_max = (size_t)line_max,
	};
	return 0;
}

static int run(int argc, char **argv)
{
	const char *name = NULL;
	struct decode_options o;
	int r = service_settings(
		&(struct service){ argv[0], summary(), settings, "PETTRACK_", "PROTOCOL", &name, 1 }, argc, argv);

	if (r)
		return settings_exit(r);
	r = choose(&o, name);
	if (r)
		return r;
	r = decode_stream(stdin, stdout, &o);
	return r ? complain("%s", strerror(-r)) : EXIT_SUCCESS;
}

const struct command command_decode = { "decode", "show what the gateway makes of a capture", run };
