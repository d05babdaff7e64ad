/* progress - how a simulation goes: a bar on a terminal, now and then a line in a log */
#pragma once

#include "cli/simulation/fleet.h"

struct progress {
	bool terminal;
	int64_t begun_ms, shown_ms; /* monotonic */
	int64_t acked; /* when last shown */
};

void progress_begin(struct progress *p);

/* Call it twice a second. @done: 0 to 1, below 0 when it has no end. */
void progress_show(struct progress *p, const struct fleet_counts *c, double done);

/* Leaves the last state on the terminal. */
void progress_end(struct progress *p, const struct fleet_counts *c);
