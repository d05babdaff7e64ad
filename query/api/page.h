/*
 * page - a page of positions on its way to the client, one at a time
 *
 *     page_begin(); page_add() as often as there are positions; page_end()
 *
 * Thread: one page per thread.
 */
#pragma once

#include "query/api/cursor.h"
#include "query/json/position_document.h"
#include "query/json/position_json.h"
#include "web/web.h"

struct page {
	struct web_request *request;
	bool geojson;
	size_t n; /* positions so far */
	char text[POSITION_JSON_SIZE_MAX]; /* of one position */
};

/* Begins the answer: { positions: [...], next } or a GeoJSON FeatureCollection. */
void page_begin(struct page *p, struct web_request *q, bool geojson);

/* Returns false when the client has gone: stop then. */
bool page_add(struct page *p, const struct position_document *d);

/* Ends the answer. @next: the last position's cursor where there are more, else NULL. */
void page_end(struct page *p, const struct cursor *next);
