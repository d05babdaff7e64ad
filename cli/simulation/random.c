/* random - xoshiro256++ and what is drawn with it. */
#include "cli/simulation/random.h"

#include <math.h>

static uint64_t splitmix64(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

struct random random_from(uint64_t seed, uint64_t stream)
{
	struct random r;
	uint64_t state = seed;

	/* The stream goes through the mixer too: neighbours must not begin alike. */
	state = splitmix64(&state) ^ stream;
	for (size_t i = 0; i < 4; i++)
		r.s[i] = splitmix64(&state);
	return r;
}

static uint64_t rotate(uint64_t v, int by)
{
	return v << by | v >> (64 - by);
}

uint64_t random_bits(struct random *r)
{
	uint64_t *s = r->s, result = rotate(s[0] + s[3], 23) + s[0], t = s[1] << 17;

	s[2] ^= s[0];
	s[3] ^= s[1];
	s[1] ^= s[2];
	s[0] ^= s[3];
	s[2] ^= t;
	s[3] = rotate(s[3], 45);
	return result;
}

double random_unit(struct random *r)
{
	return (double)(random_bits(r) >> 11) * 0x1p-53;
}

double random_between(struct random *r, double low, double high)
{
	return low + (high - low) * random_unit(r);
}

double random_normal(struct random *r)
{
	double radius = sqrt(random_exponential(r, 2)), angle = 2 * M_PI * random_unit(r);

	return radius * cos(angle);
}

double random_exponential(struct random *r, double mean)
{
	return -mean * log(1 - random_unit(r));
}

double random_quantile(struct random *r, const double *quantiles, size_t n)
{
	double at = random_unit(r) * (double)n;
	size_t i = (size_t)at;

	return quantiles[i] + (quantiles[i + 1] - quantiles[i]) * (at - (double)i);
}
