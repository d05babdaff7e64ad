/*
 * csv - Movebank's tables (RFC 4180): one row a fix, columns found by the names in the first row
 *
 * Ground speed is not read: archives disagree about its unit.
 */
#include "base/text.h"
#include "base/time.h"
#include "cli/simulation/tracks_build.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

enum { FIELD_SIZE = 512 };

enum column { COLUMN_TAG, COLUMN_TIME, COLUMN_LON, COLUMN_LAT, COLUMN_HEIGHT, COLUMNS };

/* Movebank writes hyphens; its data packages for R and such have underscores. The first name that is there counts. */
static const struct {
	const char *names[3];
	bool optional;
} columns[COLUMNS] = {
	[COLUMN_TAG] = { { "individual_local_identifier", "tag_local_identifier", "tag_id" } },
	[COLUMN_TIME] = { { "timestamp" } },
	[COLUMN_LON] = { { "location_long" } },
	[COLUMN_LAT] = { { "location_lat" } },
	[COLUMN_HEIGHT] = { { "height_above_ellipsoid", "height_above_msl" }, true },
};

struct csv {
	const char *at, *end;
	size_t line; /* of @at */
	size_t row_line; /* where the present row began */
	bool row_ended; /* the last field was its row's last */
	char *fault;
};

/* The field's text up to its end: a separator, or the closing quote. */
static int field_text(struct csv *c, char out[static FIELD_SIZE], bool quoted)
{
	size_t n = 0;

	for (; c->at < c->end; c->at++) {
		if (quoted && *c->at == '"') {
			if (c->end - c->at < 2 || c->at[1] != '"')
				break;
			c->at++; /* "" inside quotes is one " */
		} else if (!quoted && strchr(",\r\n", *c->at)) {
			break;
		}
		c->line += *c->at == '\n';
		if (n == FIELD_SIZE - 1)
			return tracks_fault(c->fault, c->row_line, "a field is longer than %d bytes", FIELD_SIZE - 1);
		out[n++] = *c->at;
	}
	out[n] = '\0';
	if (quoted && c->at == c->end)
		return tracks_fault(c->fault, c->row_line, "a quote is not closed");
	return 0;
}

/* The next field of the row into @out, unquoted, and over the separator. */
static int next_field(struct csv *c, char out[static FIELD_SIZE])
{
	bool quoted = c->at < c->end && *c->at == '"';

	c->at += quoted;
	if (field_text(c, out, quoted))
		return TRACKS_E_MALFORMED;
	c->at += quoted;
	c->at += c->at < c->end && *c->at == '\r';
	c->row_ended = c->at == c->end || *c->at == '\n';
	if (!c->row_ended && *c->at != ',')
		return tracks_fault(c->fault, c->row_line, "text after a closing quote");
	if (c->at < c->end)
		c->line += *c->at++ == '\n';
	return 0;
}

static bool same_name(const char *field, const char *name)
{
	for (; *name; field++, name++)
		if (*field != *name && !(*field == '-' && *name == '_'))
			return false;
	return *field == '\0';
}

/* Where each column stands, by the first row. */
static int read_header(struct csv *c, int where[COLUMNS])
{
	char field[FIELD_SIZE];
	size_t rank[COLUMNS];

	for (size_t k = 0; k < COLUMNS; k++) {
		where[k] = -1;
		rank[k] = 3;
	}
	c->row_line = c->line;
	for (int i = 0; i == 0 || !c->row_ended; i++) {
		if (next_field(c, field))
			return TRACKS_E_MALFORMED;
		for (size_t k = 0; k < COLUMNS; k++)
			for (size_t n = 0; n < rank[k] && columns[k].names[n]; n++)
				if (same_name(field, columns[k].names[n])) {
					where[k] = i;
					rank[k] = n;
				}
	}
	for (size_t k = 0; k < COLUMNS; k++)
		if (where[k] < 0 && !columns[k].optional)
			return tracks_fault(c->fault, c->row_line, "no column %s", columns[k].names[0]);
	return 0;
}

/* One row's fields of interest. */
static int read_row(struct csv *c, const int where[COLUMNS], char fields[COLUMNS][FIELD_SIZE])
{
	char field[FIELD_SIZE];
	int n = 0;

	c->row_line = c->line;
	memset(fields, 0, COLUMNS * sizeof *fields);
	do {
		if (next_field(c, field))
			return TRACKS_E_MALFORMED;
		for (size_t k = 0; k < COLUMNS; k++)
			if (where[k] == n)
				memcpy(fields[k], field, sizeof field);
		n++;
	} while (!c->row_ended);
	for (size_t k = 0; k < COLUMNS; k++)
		if (where[k] >= n && !(n == 1 && *field == '\0'))
			return tracks_fault(c->fault, c->row_line, "only %d fields, and %s is number %d", n,
				columns[k].names[0], where[k] + 1);
	return 0;
}

static int add_row(struct csv *c, struct tracks *t, char fields[COLUMNS][FIELD_SIZE])
{
	struct position p = { .has = POSITION_LOCATION };
	const char *lat = fields[COLUMN_LAT], *lon = fields[COLUMN_LON], *time = fields[COLUMN_TIME];
	const char *height = fields[COLUMN_HEIGHT];
	double metres;

	if (*lat == '\0' && *lon == '\0') /* a blank line, or the receiver had no fix */
		return 0;
	if (text_to_e7(&p.lat_e7, lat, strlen(lat), 90))
		return tracks_fault(c->fault, c->row_line, "latitude '%.40s' is not -90 to 90", lat);
	if (text_to_e7(&p.lon_e7, lon, strlen(lon), 180))
		return tracks_fault(c->fault, c->row_line, "longitude '%.40s' is not -180 to 180", lon);
	if (time_parse(&p.time_ms, time, strlen(time)))
		return tracks_fault(c->fault, c->row_line, "'%.40s' is no time such as 2017-06-24 01:03:57", time);
	if (*fields[COLUMN_TAG] == '\0')
		return tracks_fault(c->fault, c->row_line, "no animal or tag is named");
	if (*height && text_to_real(&metres, height, strlen(height)))
		return tracks_fault(c->fault, c->row_line, "height '%.40s' is no number", height);
	if (*height) {
		p.altitude_m = (float)metres;
		p.has |= POSITION_ALTITUDE;
	}
	struct track *track = tracks_named(t, fields[COLUMN_TAG], strlen(fields[COLUMN_TAG]));
	return track ? track_add(track, &p) : -ENOMEM;
}

int csv_parse(struct tracks *t, const char *bytes, size_t len, char *fault)
{
	struct csv c = { .at = bytes, .end = bytes + len, .line = 1, .fault = fault };
	char fields[COLUMNS][FIELD_SIZE];
	int where[COLUMNS];
	int r = read_header(&c, where);

	while (r == 0 && c.at < c.end) {
		r = read_row(&c, where, fields);
		if (r == 0)
			r = add_row(&c, t, fields);
	}
	return r;
}
