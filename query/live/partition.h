/*
 * partition - in which partition of the topic a device's records are
 *
 * As the Java client, and Pettrack's producer, choose it: murmur2 of the key. Thread: any.
 */
#pragma once

#include "base/uuid.h"

uint32_t murmur2(const void *bytes, size_t n);
int32_t partition_of(const struct uuid *device, int32_t partitions);
