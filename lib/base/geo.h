/*
 * geo - distances on the earth, and the cells of its grid
 *
 * WGS 84 coordinates as degrees x 1e7; the earth as a sphere of mean radius 6,371,008.8 m (IUGG), which is within
 * 0.6 % of the ellipsoid.
 * Thread: any.
 */
#pragma once

#include <stdint.h>

/* Metres between two points along a great circle. */
double geo_distance_m(int32_t lat1_e7, int32_t lon1_e7, int32_t lat2_e7, int32_t lon2_e7);

/* Initial course from the first point to the second, degrees from true north, 0 <= course < 360. */
double geo_course_deg(int32_t lat1_e7, int32_t lon1_e7, int32_t lat2_e7, int32_t lon2_e7);

/* The point @distance_m away on @course_deg. Longitude is wrapped to -180..180. */
void geo_move(int32_t *lat_e7, int32_t *lon_e7, double course_deg, double distance_m);

/* ---- geohashes (G. Niemeyer, 2008): bits of longitude and latitude in turn, longitude first, five to a character ---- */

enum { GEOHASH_MAX = 12 }; /* characters */

struct geohash_cell {
	int32_t lat_e7, lon_e7; /* its middle */
	double radius_m; /* from there to the corner that is farthest away */
};

/* The cell of @length characters (1 to GEOHASH_MAX) that the point is in: the same for all points in it. */
struct geohash_cell geohash_cell(int32_t lat_e7, int32_t lon_e7, int length);
