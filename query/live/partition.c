#include "query/live/partition.h"

/* MurmurHash2 by Austin Appleby (public domain) with Kafka's seed; words are little endian. */
uint32_t murmur2(const void *bytes, size_t n)
{
	const uint32_t m = 0x5BD1E995;
	const uint8_t *at = bytes;
	uint32_t h = 0x9747B28Cu ^ (uint32_t)n;

	for (; n >= 4; n -= 4, at += 4) {
		uint32_t k = (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
		k *= m;
		k ^= k >> 24;
		h = h * m ^ k * m;
	}
	if (n > 0) {
		uint32_t rest = 0;
		for (size_t i = 0; i < n; i++)
			rest |= (uint32_t)at[i] << 8 * i;
		h = (h ^ rest) * m;
	}
	h = (h ^ h >> 13) * m;
	return h ^ h >> 15;
}

int32_t partition_of(const struct uuid *device, int32_t partitions)
{
	return (int32_t)(murmur2(device->b, sizeof(device->b)) & INT32_MAX) % partitions;
}
