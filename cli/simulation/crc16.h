/* crc16 - reflected checksums of 16 bits: ARC (0xa001 from 0), X-25 (0x8408 from 0xffff, inverted). Thread: any. */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* @polynomial with the lowest power first. */
static inline uint16_t crc16_reflected(const uint8_t *bytes, size_t n, uint16_t polynomial, uint16_t start)
{
	uint16_t crc = start;

	for (size_t i = 0; i < n; i++) {
		crc ^= bytes[i];
		for (int bit = 0; bit < 8; bit++)
			crc = (uint16_t)(crc & 1 ? crc >> 1 ^ polynomial : crc >> 1);
	}
	return crc;
}
