/* dead - records that can never be stored, into the topic positions.dead. */
#include "dead.h"
#include "base/clock.h"
#include "service/log.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINGER_MS = 5, QUEUE_MAX = 10000, DELIVERY_MS = 30000, POLL_MS = 50, LARGE = 64 * 1024 };

struct dead {
	struct bus_producer *producer;
	const char *topic;
	uintptr_t round; /* sent along with each record: reports of rounds before do not count */
	size_t waiting;
	int failed; /* the first failure of the round */
	bool sparing; /* the round before was too large for the broker: large values stay behind */
};

static void on_delivered(void *owner, void *opaque, int r)
{
	struct dead *d = owner;

	if ((uintptr_t)opaque != d->round)
		return;
	d->waiting--;
	if (d->failed == 0)
		d->failed = r;
}

int dead_open(struct dead **ret, const struct bus_config *kafka, const char *topic)
{
	struct dead *d = calloc(1, sizeof(*d));

	if (!d)
		return -ENOMEM;
	d->topic = topic;
	int r = bus_producer_open(&d->producer, kafka,
		&(struct bus_producer_options){
			.linger_ms = LINGER_MS,
			.queue_max = QUEUE_MAX,
			.delivery_timeout_ms = DELIVERY_MS,
			.delivered = on_delivered,
			.owner = d,
		});
	if (r) {
		free(d);
		return r;
	}
	*ret = d;
	return 0;
}

void dead_close(struct dead *d, int timeout_ms)
{
	if (!d)
		return;
	/* What a round did not confirm is read again by whoever gets the partition next. */
	if (bus_producer_close(d->producer, timeout_ms) > 0)
		log_warn("dead records not confirmed");
	free(d);
}

void dead_begin(struct dead *d)
{
	d->round++;
	d->sparing = d->failed == BUS_E_TOO_LARGE;
	d->waiting = 0;
	d->failed = 0;
}

static int result(int r)
{
	return r > 0 ? DEAD_E_RETRY : r;
}

static int send_once(struct dead *d, const struct bus_record *record, const char *why, bool with_value)
{
	char partition[16], offset[24];
	int partition_len = snprintf(partition, sizeof(partition), "%d", record->partition);
	int offset_len = snprintf(offset, sizeof(offset), "%lld", (long long)record->offset);
	const struct bus_header headers[] = {
		{ "error", why, strlen(why) },
		{ "topic", record->topic, strlen(record->topic) },
		{ "partition", partition, (size_t)partition_len },
		{ "offset", offset, (size_t)offset_len },
		{ NULL, NULL, 0 },
	};

	return bus_send(d->producer, d->topic, record->key, record->key_len, with_value ? record->value : NULL,
		with_value ? record->value_len : 0, headers, (void *)d->round);
}

int dead_add(struct dead *d, const struct bus_record *record, const char *why, int timeout_ms)
{
	int64_t deadline_ms = clock_mono_ms() + timeout_ms;
	bool with_value = !d->sparing || record->value_len < LARGE;
	int r = send_once(d, record, why, with_value);

	while (r == BUS_E_FULL && clock_mono_ms() < deadline_ms) {
		bus_producer_poll(d->producer, POLL_MS);
		r = send_once(d, record, why, with_value);
	}
	/* With its headers it may pass the limit of a record: then the headers alone tell where to find it. */
	if (r == BUS_E_TOO_LARGE)
		r = send_once(d, record, why, false);
	if (r == 0)
		d->waiting++;
	return result(r);
}

int dead_confirm(struct dead *d, int timeout_ms)
{
	int64_t deadline_ms = clock_mono_ms() + timeout_ms;

	while (d->waiting > 0 && d->failed == 0 && clock_mono_ms() < deadline_ms)
		bus_producer_poll(d->producer, POLL_MS);
	return d->failed ? result(d->failed) : d->waiting ? DEAD_E_RETRY : 0;
}

void dead_tick(struct dead *d)
{
	bus_producer_poll(d->producer, 0);
}
