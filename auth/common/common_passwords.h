/*
 * common_passwords - the 10,000 commonest passwords, made at build time out of passwords/common.txt
 *
 * In lower case (ASCII letters), sorted by strcmp(): number i is common_passwords + common_passwords_at[i].
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

extern const char common_passwords[];
extern const uint32_t common_passwords_at[];
extern const size_t common_passwords_n;
