/*
 * gpx - tracks of GPX 1.0 and 1.1 (topografix.com/GPX/1/1)
 *
 * Of the document only <trk>, its <name>, and <trkpt lat lon> with <ele> and <time> matter; the rest, extensions too, is
 * passed over. So this reads tags, attributes and text, and counts lines; it does not check how other tags nest.
 */
#include "base/text.h"
#include "base/time.h"
#include "cli/simulation/tracks_build.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAME_SIZE = 128 };

/* Some bytes of the document. */
struct span {
	const char *at;
	size_t n;
};

/* "<gpx:trkpt lat='1'/>" and the text that stood before it. */
struct tag {
	struct span text;
	struct span name; /* without a namespace's prefix */
	struct span attributes; /* " lat='1'" */
	bool closing; /* </trkpt> */
	bool empty; /* <trkpt/> */
	size_t line; /* where it begins */
};

struct gpx {
	const char *at, *end;
	size_t line; /* of @at */
	char *fault;
	struct tracks *tracks;
	bool in_track, in_point, in_time;
	size_t point_line;
	struct position point;
};

/* ---- the document ---- */

static void advance(struct gpx *g, const char *to)
{
	for (; g->at < to; g->at++)
		g->line += *g->at == '\n';
}

static const char *find(const struct gpx *g, const char *what)
{
	return memmem(g->at, (size_t)(g->end - g->at), what, strlen(what));
}

/* Passes over what begins with @begin, up to and including @end or to the end of all. */
static bool skip(struct gpx *g, const char *begin, const char *end)
{
	size_t n = strlen(begin);

	if ((size_t)(g->end - g->at) < n || memcmp(g->at, begin, n) != 0)
		return false;
	const char *stop = find(g, end);
	advance(g, stop ? stop + strlen(end) : g->end);
	return true;
}

static bool space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* Takes the inside of a tag's brackets apart. */
static void take_apart(struct tag *t, const char *at, const char *end)
{
	t->closing = at < end && *at == '/';
	at += t->closing;
	t->empty = at < end && end[-1] == '/';
	end -= t->empty;
	t->name.at = at;
	while (at < end && !space(*at))
		if (*at++ == ':')
			t->name.at = at;
	t->name.n = (size_t)(at - t->name.at);
	t->attributes = (struct span){ at, (size_t)(end - at) };
}

/* Returns false at the end of the document. */
static bool next_tag(struct gpx *g, struct tag *ret)
{
	for (;;) {
		struct tag t = { .text.at = g->at };
		const char *open = find(g, "<");
		if (!open)
			return false;
		t.text.n = (size_t)(open - g->at);
		advance(g, open);
		t.line = g->line;
		if (skip(g, "<!--", "-->") || skip(g, "<?", "?>") || skip(g, "<![CDATA[", "]]>") || skip(g, "<!", ">"))
			continue;
		const char *close = find(g, ">");
		if (!close)
			return false;
		take_apart(&t, open + 1, close);
		advance(g, close + 1);
		*ret = t;
		return true;
	}
}

static bool is(const struct tag *t, const char *name)
{
	return t->name.n == strlen(name) && !memcmp(t->name.at, name, t->name.n);
}

/* The value of the attribute @name; .at is NULL where there is none. */
static struct span attribute(const struct tag *t, const char *name)
{
	const char *at = t->attributes.at, *end = at + t->attributes.n;

	while (at < end) {
		while (at < end && space(*at))
			at++;
		const char *key = at;
		while (at < end && *at != '=' && !space(*at))
			at++;
		size_t key_n = (size_t)(at - key);
		while (at < end && *at != '"' && *at != '\'')
			at++;
		const char *close = at < end ? memchr(at + 1, *at, (size_t)(end - at - 1)) : NULL;
		if (!close)
			break;
		if (key_n == strlen(name) && !memcmp(key, name, key_n))
			return (struct span){ at + 1, (size_t)(close - at - 1) };
		at = close + 1;
	}
	return (struct span){ 0 };
}

static struct span trimmed(struct span s)
{
	for (; s.n > 0 && space(*s.at); s.n--)
		s.at++;
	while (s.n > 0 && space(s.at[s.n - 1]))
		s.n--;
	return s;
}

/* Text with its five named entities as what they stand for, cut to the room there is. */
static void plain_text(char out[static NAME_SIZE], struct span s)
{
	static const struct {
		const char *entity;
		char c;
	} entities[] = { { "&amp;", '&' }, { "&lt;", '<' }, { "&gt;", '>' }, { "&quot;", '"' }, { "&apos;", '\'' } };
	size_t n = 0;

	for (s = trimmed(s); s.n > 0 && n < NAME_SIZE - 1; n++) {
		size_t took = 1;
		out[n] = *s.at;
		for (size_t i = 0; i < sizeof entities / sizeof *entities; i++) {
			size_t len = strlen(entities[i].entity);
			if (s.n >= len && !memcmp(s.at, entities[i].entity, len)) {
				out[n] = entities[i].c;
				took = len;
			}
		}
		s.at += took;
		s.n -= took;
	}
	out[n] = '\0';
}

/* ---- what it means ---- */

static struct track *present(struct gpx *g)
{
	return &g->tracks->items[g->tracks->n - 1];
}

static int begin_track(struct gpx *g)
{
	char name[NAME_SIZE];
	struct track *t = tracks_new(g->tracks);

	if (!t)
		return -ENOMEM;
	snprintf(name, sizeof name, "track %zu", g->tracks->n);
	t->name = strdup(name);
	g->in_track = true;
	return t->name ? 0 : -ENOMEM;
}

static int name_track(struct gpx *g, struct span text)
{
	char name[NAME_SIZE];

	plain_text(name, text);
	if (*name == '\0')
		return 0;
	char *copy = strdup(name);
	if (!copy)
		return -ENOMEM;
	free(present(g)->name);
	present(g)->name = copy;
	return 0;
}

static int begin_point(struct gpx *g, const struct tag *t)
{
	struct span lat = attribute(t, "lat"), lon = attribute(t, "lon");

	g->point = (struct position){ .has = POSITION_LOCATION };
	g->point_line = t->line;
	g->in_point = true;
	g->in_time = false;
	if (!lat.at || text_to_e7(&g->point.lat_e7, lat.at, lat.n, 90))
		return tracks_fault(g->fault, t->line, "the point's lat is not -90 to 90");
	if (!lon.at || text_to_e7(&g->point.lon_e7, lon.at, lon.n, 180))
		return tracks_fault(g->fault, t->line, "the point's lon is not -180 to 180");
	return 0;
}

static int end_point(struct gpx *g)
{
	g->in_point = false;
	if (!g->in_time)
		return tracks_fault(
			g->fault, g->point_line, "the point has no <time>; a track without times cannot be played");
	return track_add(present(g), &g->point);
}

static int point_time(struct gpx *g, const struct tag *t)
{
	struct span s = trimmed(t->text);

	if (time_parse(&g->point.time_ms, s.at, s.n))
		return tracks_fault(g->fault, t->line, "'%.*s' is no time such as 2017-06-24T01:03:57Z",
			(int)(s.n < 40 ? s.n : 40), s.at);
	g->in_time = true;
	return 0;
}

static int point_height(struct gpx *g, const struct tag *t)
{
	struct span s = trimmed(t->text);
	double metres;

	if (text_to_real(&metres, s.at, s.n))
		return tracks_fault(g->fault, t->line, "<ele> '%.*s' is no number", (int)(s.n < 40 ? s.n : 40), s.at);
	g->point.altitude_m = (float)metres;
	g->point.has |= POSITION_ALTITUDE;
	return 0;
}

static int closing_tag(struct gpx *g, const struct tag *t)
{
	if (g->in_point && is(t, "time"))
		return point_time(g, t);
	if (g->in_point && is(t, "ele"))
		return point_height(g, t);
	if (g->in_point && is(t, "trkpt"))
		return end_point(g);
	/* Points have names too, and so have authors and links; the track's stands in none of them. */
	if (g->in_track && !g->in_point && is(t, "name"))
		return name_track(g, t->text);
	if (is(t, "trk"))
		g->in_track = false;
	return 0;
}

static int one_tag(struct gpx *g, const struct tag *t)
{
	int r = 0;

	if (t->closing)
		return closing_tag(g, t);
	if (is(t, "trk"))
		return begin_track(g);
	if (!is(t, "trkpt"))
		return 0;
	if (!g->in_track)
		return tracks_fault(g->fault, t->line, "a <trkpt> outside of any <trk>");
	r = begin_point(g, t);
	return r == 0 && t->empty ? end_point(g) : r;
}

/* Tracks that hold no point are no tracks. */
static void drop_empty(struct tracks *t)
{
	size_t kept = 0;

	for (size_t i = 0; i < t->n; i++) {
		if (t->items[i].n > 0)
			t->items[kept++] = t->items[i];
		else
			free(t->items[i].name);
	}
	t->n = kept;
}

int gpx_parse(struct tracks *t, const char *bytes, size_t len, char *fault)
{
	struct gpx g = { .at = bytes, .end = bytes + len, .line = 1, .fault = fault, .tracks = t };
	struct tag tag;
	int r = 0;

	while (r == 0 && next_tag(&g, &tag))
		r = one_tag(&g, &tag);
	if (r == 0 && (g.in_track || g.in_point))
		r = tracks_fault(fault, g.line, "the file ends inside a track: it is cut off");
	if (r == 0)
		drop_empty(t);
	return r;
}
