/* query - setters, then reading in three forms. */
#include "ingest/protocols/query.h"

#include "ingest/protocols/report_json.h"

/* ---- parameters ---- */

int query_identifier(struct query *q, struct slice v)
{
	return claim_identifier(&q->claim, v, q->report.arena);
}

int query_secret(struct query *q, struct slice v)
{
	return claim_secret(&q->claim, v, q->report.arena);
}

int query_lat(struct query *q, struct slice v)
{
	q->lat = v;
	return 0;
}

int query_lon(struct query *q, struct slice v)
{
	q->lon = v;
	return 0;
}

int query_location(struct query *q, struct slice v)
{
	q->lat = slice_cut(&v, ',');
	q->lon = v;
	return 0;
}

int query_time(struct query *q, struct slice v)
{
	return report_time(&q->report, v);
}

int query_valid(struct query *q, struct slice v)
{
	q->report.p.invalid = slice_is_nocase(v, "false") || slice_is(v, "0");
	return 0;
}

int query_course(struct query *q, struct slice v)
{
	report_course(&q->report, v);
	return 0;
}

int query_altitude(struct query *q, struct slice v)
{
	report_altitude(&q->report, v);
	return 0;
}

int query_accuracy(struct query *q, struct slice v)
{
	report_accuracy(&q->report, v);
	return 0;
}

int query_battery(struct query *q, struct slice v)
{
	report_battery(&q->report, v, 1);
	return 0;
}

int query_hdop(struct query *q, struct slice v)
{
	report_real(&q->report, "hdop", v);
	return 0;
}

int query_charging(struct query *q, struct slice v)
{
	report_bool(&q->report, "charging", v);
	return 0;
}

/* Several of a kind are one attribute, divided by semicolons. Those that would pass the bound of a text are left out. */
static int gather(struct query *q, struct slice *all, const char *name, struct slice v)
{
	size_t n = all->n + (all->n > 0) + v.n;

	if (v.n == 0 || n > ATTRIBUTE_TEXT_MAX)
		return 0;
	char *joined = arena_take(q->report.arena, n + 1);
	if (!joined)
		return REASON_TOO_MANY;
	if (all->n > 0) {
		memcpy(joined, all->s, all->n);
		joined[all->n] = ';';
	}
	memcpy(joined + n - v.n, v.s, v.n);
	joined[n] = '\0';
	*all = slice_of(joined, n);
	attribute_text(&q->report.extra, name, joined);
	return 0;
}

int query_cell(struct query *q, struct slice v)
{
	return gather(q, &q->cells, "cells", v);
}

int query_wifi(struct query *q, struct slice v)
{
	return gather(q, &q->wifi, "wifi", v);
}

static int set(struct query *q, const struct query_parameter *table, struct slice name, struct slice value)
{
	for (; table->name; table++)
		if (slice_is(name, table->name))
			return table->set(q, value);
	report_other(&q->report, name, value);
	return 0;
}

/* ---- forms ---- */

void query_begin(struct query *q, struct arena *arena)
{
	report_begin(&q->report, arena);
	q->claim = (struct claim){ 0 };
	q->lat = q->lon = q->cells = q->wifi = q->spare = (struct slice){ 0 };
	q->exact = false;
}

int query_read(struct query *q, const struct query_parameter *table, struct slice text)
{
	struct slice name, value;
	int e = 0;

	while (e == 0 && http_pair(&text, &name, &value)) {
		e = http_unescape(&name, name, q->report.arena);
		if (e == 0)
			e = http_unescape(&value, value, q->report.arena);
		if (e == 0)
			e = set(q, table, name, value);
	}
	return e;
}

int query_read_json(struct query *q, const struct query_parameter *table, struct slice text)
{
	struct jread j = jread_over(text);
	struct slice name;
	int e = 0;

	for (jread_object(&j); e == 0 && jread_member(&j, &name);) {
		struct slice value = report_json_value(&j, q->report.arena);
		if (value.s)
			e = set(q, table, name, value);
	}
	return e == 0 && !jread_done(&j) ? REASON_BAD_FRAME : e;
}

static bool is_form(const struct http_request *http, struct slice body)
{
	struct slice type = http->content_type;

	return body.n > 0 &&
	       (!type.s || slice_is_nocase(slice_trim(slice_cut(&type, ';')), "application/x-www-form-urlencoded"));
}

int query_read_form(
	struct query *q, const struct query_parameter *table, const struct http_request *http, struct slice body)
{
	int e = query_read(q, table, http->query);

	return e == 0 && is_form(http, body) ? query_read(q, table, body) : e;
}

int query_end(struct query *q, struct protocol_scratch *scratch, struct protocol_result *result)
{
	int e = report_place(&q->report, q->lat, q->lon);

	return e != 0 ? e : report_end(&q->report, scratch, result);
}
