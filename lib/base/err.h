/*
 * err - how functions report failure
 *
 * An int result is 0 for success; negative is -errno: fatal for the caller, forwarded as it is and logged once, by
 * main; positive is an enum of the module's own, named in its header, which the caller must handle. Out parameters
 * are called ret_* and are untouched on failure. Libraries neither exit nor log above debug.
 */
#pragma once

#define MUST_CHECK __attribute__((warn_unused_result))
#define PRINTF_LIKE(string, first) __attribute__((format(printf, string, first)))
