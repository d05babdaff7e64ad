#include "bus/stats.h"

#include <stdlib.h>
#include <string.h>

/* Behind the next @field at or after *at, which moves there. False at the end of the text. */
static bool next(const char **at, const char *field)
{
	const char *found = strstr(*at, field);

	if (!found)
		return false;
	*at = found + strlen(field);
	return true;
}

static int32_t count_partitions(const char *json)
{
	long highest = -1; /* the number of the partition that stands for "none yet" */

	for (const char *at = json; next(&at, "\"partition\":");) {
		long partition = strtol(at, NULL, 10);
		if (partition > highest)
			highest = partition;
	}
	return highest < INT32_MAX ? (int32_t)highest + 1 : INT32_MAX;
}

static int64_t sum_lag(const char *json)
{
	int64_t sum = 0;

	for (const char *at = json; next(&at, "\"fetch_state\":\"active\"") && next(&at, "\"consumer_lag\":");) {
		long long lag = strtoll(at, NULL, 10);
		if (lag < 0)
			return -1;
		sum += lag;
	}
	return sum;
}

struct kafka_stats kafka_stats_read(const char *json)
{
	return (struct kafka_stats){
		.up = strstr(json, "\"state\":\"UP\"") != NULL,
		.partitions = count_partitions(json),
		.lag = sum_lag(json),
	};
}
