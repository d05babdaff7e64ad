/* bytes - test input that ends at a page nobody may touch: one byte read past it is SIGSEGV, with or without a sanitizer */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* Copies @n bytes (at most 64 KiB); valid until the next call. */
const uint8_t *bytes_at_guard(const void *bytes, size_t n);

/* The bytes that @hex stands for. */
const uint8_t *hex_at_guard(const char *hex, size_t *ret_n);
