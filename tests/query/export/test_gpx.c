#include "query/export/gpx.h"
#include "tests/lib/unit.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static char buf[GPX_HEAD_SIZE + 8 * GPX_POINT_SIZE];
static struct text text;
static struct gpx gpx;

static void begin(const char *name)
{
	text = text_in(buf, sizeof buf);
	gpx_begin(&gpx, &text, name);
}

static const char *end(void)
{
	gpx_end(&gpx, &text);
	ck_assert(text_ok(&text));
	return buf;
}

static struct position at(int64_t time_ms, int32_t lat_e7, int32_t lon_e7)
{
	return (struct position){ .has = POSITION_LOCATION, .time_ms = time_ms, .lat_e7 = lat_e7, .lon_e7 = lon_e7 };
}

static void point(struct position p)
{
	gpx_point(&gpx, &text, &p);
}

/* How often @what is in the file. */
static int times(const char *what)
{
	int n = 0;

	for (const char *s = buf; (s = strstr(s, what)); s++)
		n++;
	return n;
}

#define HEAD                                                                                                           \
	"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"                                                                 \
	"<gpx version=\"1.1\" creator=\"Pettrack\" xmlns=\"http://www.topografix.com/GPX/1/1\">\n"

START_TEST(a_device_that_was_nowhere)
{
	begin("Misty");
	ck_assert_str_eq(end(), HEAD "<trk><name>Misty</name>\n</trk>\n</gpx>\n");
}
END_TEST

START_TEST(a_track)
{
	struct position high = at(1000, -900000000, 0);

	high.has |= POSITION_ALTITUDE;
	high.altitude_m = 31.25F;
	begin("Misty");
	point(at(0, 501703000, -51138000));
	point(high);
	ck_assert_str_eq(end(),
		HEAD "<trk><name>Misty</name>\n"
		     "<trkseg>\n"
		     "<trkpt lat=\"50.1703\" lon=\"-5.1138\"><time>1970-01-01T00:00:00.000Z</time></trkpt>\n"
		     "<trkpt lat=\"-90\" lon=\"0\"><ele>31.25</ele><time>1970-01-01T00:00:01.000Z</time></trkpt>\n"
		     "</trkseg>\n"
		     "</trk>\n</gpx>\n");
}
END_TEST

START_TEST(a_long_gap_begins_a_segment)
{
	begin("Misty");
	point(at(0, 1, 1));
	point(at(3600000, 1, 1));
	point(at(7200001, 1, 1));
	end();
	ck_assert_int_eq(times("<trkseg>"), 2);
	ck_assert_int_eq(times("</trkseg>"), 2);
	ck_assert_int_eq(times("<trkpt "), 3);
}
END_TEST

START_TEST(what_is_not_valid_is_left_out)
{
	struct position wrong = at(0, 1, 1), odd = at(1, 1, 1);

	wrong.invalid = true;
	odd.has |= POSITION_ALTITUDE;
	odd.altitude_m = NAN;
	begin("Misty");
	point(wrong);
	point(odd);
	end();
	ck_assert_int_eq(times("<trkpt "), 1);
	ck_assert_int_eq(times("<ele>"), 0);
}
END_TEST

/* The schema's longitudes end before 180. */
START_TEST(the_date_line)
{
	begin("Misty");
	point(at(0, 0, 1800000000));
	point(at(1, 0, 1799999999));
	end();
	ck_assert_int_eq(times("lon=\"-180\""), 1);
	ck_assert_int_eq(times("lon=\"179.9999999\""), 1);
}
END_TEST

static const struct {
	const char *name, *written;
} names[] = {
	{ "Tom & <Jerry>", "Tom &amp; &lt;Jerry&gt;" },
	{ "\"Mi'sty\"", "\"Mi'sty\"" },
	{ "caf\xc3\xa9 \xf0\x9f\x90\x88", "caf\xc3\xa9 \xf0\x9f\x90\x88" },
	{ "a\tb\x01", "a?b?" },
	{ "\xef\xbf\xbe\xef\xbf\xbf\xef\xbf\xbd", "??\xef\xbf\xbd" },
	{ "", "" },
};

START_TEST(names_are_xml)
{
	char expected[256];

	begin(names[_i].name);
	end();
	snprintf(expected, sizeof expected, "<trk><name>%s</name>", names[_i].written);
	ck_assert_int_eq(times(expected), 1);
}
END_TEST

/* What the sizes in the header promise. */
START_TEST(the_sizes_suffice)
{
	char name[401] = "", small[GPX_POINT_SIZE];
	struct position p = at(253402300799999, -899999999, -1799999999);

	memset(name, '&', 100); /* each becomes five bytes, more than any character's four */
	begin(name);
	ck_assert_uint_lt(text.len, GPX_HEAD_SIZE);
	gpx.segment = true;
	gpx.last_ms = 0;
	p.has |= POSITION_ALTITUDE;
	p.altitude_m = -12345.678F;
	struct text t = text_in(small, sizeof small);
	gpx_point(&gpx, &t, &p);
	ck_assert(text_ok(&t));
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("query/export/gpx");
	TCase *t = tcase_create("gpx");

	tcase_add_test(t, a_device_that_was_nowhere);
	tcase_add_test(t, a_track);
	tcase_add_test(t, a_long_gap_begins_a_segment);
	tcase_add_test(t, what_is_not_valid_is_left_out);
	tcase_add_test(t, the_date_line);
	tcase_add_loop_test(t, names_are_xml, 0, (int)(sizeof names / sizeof *names));
	tcase_add_test(t, the_sizes_suffice);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(suite)
