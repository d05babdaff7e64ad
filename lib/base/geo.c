/* geo - spherical trigonometry; the haversine form, which stays exact for the few metres that matter here. */
#include "base/geo.h"

#include <math.h>

#define EARTH_RADIUS_M 6371008.8
#define E7_TO_RAD (M_PI / 180e7)

double geo_distance_m(int32_t lat1_e7, int32_t lon1_e7, int32_t lat2_e7, int32_t lon2_e7)
{
	double lat1 = lat1_e7 * E7_TO_RAD, lat2 = lat2_e7 * E7_TO_RAD;
	double dlat = sin(((double)lat2_e7 - lat1_e7) * E7_TO_RAD / 2);
	double dlon = sin(((double)lon2_e7 - lon1_e7) * E7_TO_RAD / 2);
	double h = dlat * dlat + cos(lat1) * cos(lat2) * dlon * dlon;

	return 2 * EARTH_RADIUS_M * asin(sqrt(fmin(h, 1)));
}

double geo_course_deg(int32_t lat1_e7, int32_t lon1_e7, int32_t lat2_e7, int32_t lon2_e7)
{
	double lat1 = lat1_e7 * E7_TO_RAD, lat2 = lat2_e7 * E7_TO_RAD;
	double dlon = ((double)lon2_e7 - lon1_e7) * E7_TO_RAD;
	double east = sin(dlon) * cos(lat2);
	double north = cos(lat1) * sin(lat2) - sin(lat1) * cos(lat2) * cos(dlon);
	double course = atan2(east, north) * 180 / M_PI;

	if (course < 0)
		course += 360;
	return course < 360 ? course : 0; /* -1e-16 + 360 is 360 */
}

void geo_move(int32_t *lat_e7, int32_t *lon_e7, double course_deg, double distance_m)
{
	double lat = *lat_e7 * E7_TO_RAD, course = course_deg * M_PI / 180, angle = distance_m / EARTH_RADIUS_M;
	double to_sin = sin(lat) * cos(angle) + cos(lat) * sin(angle) * cos(course);
	double dlon = atan2(sin(course) * sin(angle) * cos(lat), cos(angle) - sin(lat) * to_sin);
	double lon_deg = remainder(*lon_e7 / 1e7 + dlon * 180 / M_PI, 360);

	*lat_e7 = (int32_t)lround(asin(fmax(-1, fmin(to_sin, 1))) / E7_TO_RAD);
	*lon_e7 = (int32_t)lround(lon_deg * 1e7);
}

/* ---- geohashes ---- */

/* One of the 2^@bits equal parts of a range of @size_e7 around 0. */
struct part {
	int64_t middle_e7;
	int64_t edge_e7; /* the one that is nearer to 0 */
};

static struct part part_of(int64_t at_e7, int64_t size_e7, int bits)
{
	const int64_t parts = INT64_C(1) << bits;
	int64_t i = (at_e7 + size_e7 / 2) * parts / size_e7; /* below 2^32 * 2^30 */

	if (i == parts) /* the upper end of the range is in the last */
		i--;
	int64_t nearer = 2 * i >= parts ? i : i + 1;
	return (struct part){ ((2 * i + 1) * size_e7 + parts) / (2 * parts) - size_e7 / 2,
		nearer * size_e7 / parts - size_e7 / 2 };
}

struct geohash_cell geohash_cell(int32_t lat_e7, int32_t lon_e7, int length)
{
	int lat_bits = 5 * length / 2;
	struct part lat = part_of(lat_e7, 1800000000, lat_bits),
		    lon = part_of(lon_e7, 3600000000, 5 * length - lat_bits);
	struct geohash_cell c = { .lat_e7 = (int32_t)lat.middle_e7, .lon_e7 = (int32_t)lon.middle_e7 };

	/* A cell is widest at its edge that is nearer to the equator; east and west are alike. */
	c.radius_m = geo_distance_m(c.lat_e7, c.lon_e7, (int32_t)lat.edge_e7, (int32_t)lon.edge_e7);
	return c;
}
