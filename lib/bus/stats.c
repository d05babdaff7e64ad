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

/* The number of @field at or after *at; -1 at the end of the text. */
static int64_t number(const char **at, const char *field)
{
	return next(at, field) ? strtoll(*at, NULL, 10) : -1;
}

/* The library's own consumer_lag is -1 as long as nothing was committed, for an empty partition that is for ever. */
static int64_t sum_lag(const char *json)
{
	int64_t sum = 0;

	for (const char *at = json; next(&at, "\"fetch_state\":\"active\"");) {
		int64_t committed = number(&at, "\"committed_offset\":");
		int64_t oldest = number(&at, "\"lo_offset\":");
		int64_t end = number(&at, "\"ls_offset\":");
		int64_t from = committed > oldest ? committed : oldest;
		if (from < 0 || end < 0)
			return -1;
		sum += end > from ? end - from : 0;
	}
	return sum;
}

static bool starts_with(const char *text, const char *start)
{
	return !strncmp(text, start, strlen(start));
}

/* A group's coordinator is a connection of its own, "logical", beside the same broker's: there an answer may rightly take as
 * long as another member of the group does. */
static void sum_brokers(const char *json, struct kafka_stats *ret)
{
	for (const char *at = json; next(&at, "\"source\":\"");) {
		if (starts_with(at, "logical"))
			continue;
		if (next(&at, "\"state\":\"") && starts_with(at, "UP\""))
			ret->connected = true;
		int64_t waiting = number(&at, "\"waitresp_cnt\":"), answers = number(&at, "\"rx\":");
		ret->waiting += waiting > 0 ? waiting : 0;
		ret->answers += answers > 0 ? answers : 0;
	}
}

struct kafka_stats kafka_stats_read(const char *json)
{
	struct kafka_stats s = { .partitions = count_partitions(json), .lag = sum_lag(json) };

	sum_brokers(json, &s);
	return s;
}
