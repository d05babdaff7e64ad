/*
 * parts - a text attribute made of several parts: cells, Wi-Fi access points, alarms
 *
 *   cells   mcc,mnc,lac,cid[,rssi];...    decimal; rssi as the device counts it
 *   wifi    mac[,rssi];...                aa:bb:cc:dd:ee:ff
 *   alarm   sos,lowBattery
 *
 * A part that would pass the bound of a text is left out whole.
 */
#pragma once

#include "ingest/protocols/attributes.h"
#include "ingest/protocols/slice.h"

#include "base/arena.h"

#include <stdbool.h>

struct parts {
	size_t n;
	char text[ATTRIBUTE_TEXT_MAX + 1];
};

struct parts_cell {
	uint32_t mcc, mnc, lac;
	uint64_t cid;
	int64_t rssi;
	bool has_rssi;
};

static inline void parts_begin(struct parts *p)
{
	p->n = 0;
	p->text[0] = '\0';
}

/* @name, after a comma unless it is the first. */
void parts_alarm(struct parts *p, const char *name);

void parts_cell(struct parts *p, const struct parts_cell *cell);

/* @mac: 12 hex digits, with a colon or dash after every two or without; anything else is passed over. @rssi may be NULL. */
void parts_wifi(struct parts *p, struct slice mac, const int64_t *rssi);

/* Sets attribute @name unless there are no parts. */
void parts_end(const struct parts *p, const char *name, struct attributes *a, struct arena *arena);
