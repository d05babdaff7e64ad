/*
 * query - one report sent as the parameters of a query or a form, or as an object of JSON without depth
 *
 * A protocol has a table of the names it knows; what is not in it becomes an attribute of that name.
 */
#pragma once

#include "ingest/protocols/claim.h"
#include "ingest/protocols/report.h"

struct query {
	struct report report;
	struct claim claim;
	struct slice lat, lon;
	struct slice cells, wifi; /* what was gathered so far, in the arena */
	struct slice spare; /* an identifier for when there is no better one; of the protocol */
	bool exact; /* the time is as exact as it gets; of the protocol */
};

/* 0 or enum protocol_reason. */
typedef int query_set(struct query *q, struct slice value);

struct query_parameter {
	const char *name;
	query_set *set;
};

void query_begin(struct query *q, struct arena *arena);

/* @table ends with a name of NULL. 0 or enum protocol_reason. */
MUST_CHECK int query_read(struct query *q, const struct query_parameter *table, struct slice text);
MUST_CHECK int query_read_json(struct query *q, const struct query_parameter *table, struct slice text);

/* The query of @http, and its body when that is a form. 0 or enum protocol_reason. */
MUST_CHECK int query_read_form(
	struct query *q, const struct query_parameter *table, const struct http_request *http, struct slice body);

/* Adds the position to the result. 0 or enum protocol_reason. */
MUST_CHECK int query_end(struct query *q, struct protocol_scratch *scratch, struct protocol_result *result);

/* What parameters mean. Units: report.h. */
query_set query_identifier, query_secret;
query_set query_lat, query_lon, query_location; /* "lat,lon" */
query_set query_time, query_valid, query_course, query_altitude, query_accuracy;
query_set query_battery; /* percent */
query_set query_charging, query_hdop;
query_set query_cell, query_wifi; /* each of several */
