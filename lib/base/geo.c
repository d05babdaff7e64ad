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
