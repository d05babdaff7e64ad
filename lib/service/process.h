/* process - what a process costs, in Prometheus' text format; internal to lib/service */
#pragma once

#include <stdio.h>

/* Appends CPU seconds, memory, open files, start time and the version. What cannot be read is left out. */
void process_metrics(FILE *f);
