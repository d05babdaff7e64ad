/*
 * random - numbers that look random and are the same for the same seed, on every machine
 *
 * xoshiro256++ (Blackman and Vigna 2019), seeded by splitmix64. Not for secrets.
 * Thread: one generator per thread.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct random {
	uint64_t s[4];
};

/* Generators of one @seed and different @stream numbers are independent. */
struct random random_from(uint64_t seed, uint64_t stream);

uint64_t random_bits(struct random *r);

/* 0 <= v < 1, and @low <= v < @high. */
double random_unit(struct random *r);
double random_between(struct random *r, double low, double high);

/* Mean 0, standard deviation 1. */
double random_normal(struct random *r);

/* Greater than 0, of @mean. */
double random_exponential(struct random *r, double mean);

/* From a distribution given by its @n + 1 quantiles 0, 1/n ... 1, linear between them. */
double random_quantile(struct random *r, const double *quantiles, size_t n);
