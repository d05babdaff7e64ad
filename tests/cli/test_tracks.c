#include "base/time.h"
#include "cli/simulation/tracks.h"
#include "tests/lib/failing_alloc.h"
#include "tests/lib/unit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define LENGTH(a) ((int)(sizeof(a) / sizeof *(a)))

static char fault[TRACKS_FAULT_SIZE];

static int parse(struct tracks *t, const char *text)
{
	size_t n = strlen(text);
	char *exact = malloc(n ? n : 1); /* one byte read too many is found */

	memcpy(exact, text, n);
	int r = tracks_parse(t, exact, n, fault);
	free(exact);
	return r;
}

static void assert_fix(const struct position *p, const char *time, int32_t lat_e7, int32_t lon_e7)
{
	char text[TIME_TEXT_SIZE];

	time_format(text, p->time_ms);
	ck_assert_str_eq(text, time);
	ck_assert_int_eq(p->lat_e7, lat_e7);
	ck_assert_int_eq(p->lon_e7, lon_e7);
}

#define HEADER "\"tag_id\",\"event_id\",\"timestamp\",\"location_long\",\"location_lat\",\"height_above_ellipsoid\"\n"

START_TEST(csv)
{
	struct tracks t;

	ck_assert_int_eq(parse(&t, HEADER "\"Ares\",1,2017-06-24 01:11:20,-5.113851,50.170315,154.67\n"
					  "\"Tommy, \"\"the\"\" cat\",2,2017-06-24 01:00:00.000,-5.2,50.3,\r\n"
					  "\n"
					  "Ares,3,2017-06-24 01:03:57,-5.1,50.2,-3\n"
					  "Ares,4,,,,\n"), /* the receiver had no fix */
		0);
	ck_assert_uint_eq(t.n, 2);
	ck_assert_str_eq(t.items[0].name, "Ares");
	ck_assert_uint_eq(t.items[0].n, 2);
	assert_fix(&t.items[0].fixes[0], "2017-06-24T01:03:57.000Z", 502000000, -51000000); /* put in order */
	assert_fix(&t.items[0].fixes[1], "2017-06-24T01:11:20.000Z", 501703150, -51138510);
	ck_assert_float_eq(t.items[0].fixes[1].altitude_m, 154.67f);
	ck_assert_str_eq(t.items[1].name, "Tommy, \"the\" cat");
	ck_assert(!position_has(&t.items[1].fixes[0], POSITION_ALTITUDE));
	tracks_free(&t);
}
END_TEST

START_TEST(csv_as_movebank_exports_it)
{
	struct tracks t;

	ck_assert_int_eq(parse(&t, "\xef\xbb\xbf"
				   "event-id,timestamp,location-long,location-lat,tag-local-identifier,"
				   "individual-local-identifier\n1,2017-06-24 01:03:57.000,-5.1,50.2,Tag 7,Misty"),
		0);
	ck_assert_str_eq(t.items[0].name, "Misty"); /* the animal's name rather than the tag's */
	assert_fix(&t.items[0].fixes[0], "2017-06-24T01:03:57.000Z", 502000000, -51000000);
	tracks_free(&t);
}
END_TEST

static const char gpx_text[] =
	"<?xml version=\"1.0\"?>\n<!-- <trk> -->\n<gpx "
	"version=\"1.1\">\n<metadata><name>no</name><time>2020-01-01T00:00:00Z"
	"</time></metadata>\n<wpt lat=\"1\" lon=\"2\"><name>no</name></wpt>\n"
	"<trk><name> Fish &amp; Chips </name><trkseg>\n"
	"<trkpt lat=\"50.170315\" lon='-5.113851'><ele> 12.5 "
	"</ele><time>2017-06-24T01:03:57Z</time><name>no</name></trkpt>\n"
	"<trkpt\n lon=\"-5.2\" "
	"lat=\"50.3\"><time>2017-06-24T03:00:00+01:00</time><extensions><speed>1</speed></extensions>"
	"</trkpt>\n</trkseg><trkseg></trkseg></trk>\n"
	"<trk><trkseg/></trk>\n"
	"<g:trk><g:trkseg><g:trkpt lat=\"-1\" "
	"lon=\"1\"><g:time>2017-06-24T01:00:00.5Z</g:time></g:trkpt></g:trkseg></g:trk>\n"
	"</gpx>\n";

START_TEST(gpx)
{
	struct tracks t;

	ck_assert_int_eq(parse(&t, gpx_text), 0);
	ck_assert_uint_eq(t.n, 2); /* one without points is none */
	ck_assert_str_eq(t.items[0].name, "Fish & Chips");
	ck_assert_uint_eq(t.items[0].n, 2);
	assert_fix(&t.items[0].fixes[0], "2017-06-24T01:03:57.000Z", 501703150, -51138510);
	ck_assert_float_eq(t.items[0].fixes[0].altitude_m, 12.5f);
	assert_fix(&t.items[0].fixes[1], "2017-06-24T02:00:00.000Z", 503000000, -52000000);
	ck_assert(!position_has(&t.items[0].fixes[1], POSITION_ALTITUDE));
	ck_assert_str_eq(t.items[1].name, "track 3");
	assert_fix(&t.items[1].fixes[0], "2017-06-24T01:00:00.500Z", -10000000, 10000000);
	tracks_free(&t);
}
END_TEST

#define TRACK(points) "<gpx>\n<trk>\n" points "\n</trk>\n</gpx>"

/* What is wrong, and that line and fault are named. */
static const struct {
	const char *text, *fault;
} bad[] = {
	{ "", "line 1: no column individual_local_identifier" },
	{ "a,b\n1,2\n", "line 1: no column individual_local_identifier" },
	{ "tag_id,timestamp,location_long\n", "line 1: no column location_lat" },
	{ HEADER, "line 1: no track in this file" },
	{ HEADER "A,1,2017-06-24 01:11:20,-5.1,90.1,\n", "line 2: latitude '90.1' is not -90 to 90" },
	{ HEADER "A,1,2017-06-24 01:11:20,-5.1,,\n", "line 2: latitude '' is not -90 to 90" },
	{ HEADER "A,1,2017-06-24 01:11:20,180.1,50,\n", "line 2: longitude '180.1' is not -180 to 180" },
	{ HEADER "\nA,1,24.06.2017,-5.1,50,\n", "line 3: '24.06.2017' is no time such as 2017-06-24 01:03:57" },
	{ HEADER ",1,2017-06-24 01:11:20,-5.1,50,\n", "line 2: no animal or tag is named" },
	{ HEADER "A,1,2017-06-24 01:11:20,-5.1,50,high\n", "line 2: height 'high' is no number" },
	{ HEADER "A,1,2017-06-24 01:11:20\n", "line 2: only 3 fields, and location_long is number 4" },
	{ HEADER "\"A,1,2017-06-24 01:11:20,-5.1,50,\n", "line 2: a quote is not closed" },
	{ HEADER "\"A\"x,1,2017-06-24 01:11:20,-5.1,50,\n", "line 2: text after a closing quote" },
	{ HEADER "\"A\nB\",1,2017-06-24 01:11:20,-5.1,50,\nA,1,x,-5.1,50,\n", "line 4: 'x' is no time" },
	{ "<gpx></gpx>", "line 1: no track in this file" },
	{ "<gpx>\n<trkpt lat=\"1\" lon=\"1\"/></gpx>", "line 2: a <trkpt> outside of any <trk>" },
	{ TRACK("<trkpt lon=\"1\"/>"), "line 3: the point's lat is not -90 to 90" },
	{ TRACK("<trkpt lat=\"x\" lon=\"1\"/>"), "line 3: the point's lat is not -90 to 90" },
	{ TRACK("<trkpt lat=\"1\" lon=\"181\"/>"), "line 3: the point's lon is not -180 to 180" },
	{ TRACK("<trkpt lat=\"1\" lon=\"1/>"), "line 3: the point's lon is not -180 to 180" },
	{ TRACK("<trkpt lat=\"1\" lon=\"1\"/>"), "line 3: the point has no <time>" },
	{ TRACK("\n<trkpt lat=\"1\" lon=\"1\">\n</trkpt>"), "line 4: the point has no <time>" },
	{ TRACK("<trkpt lat=\"1\" lon=\"1\">\n<time>soon</time></trkpt>"), "line 4: 'soon' is no time" },
	{ TRACK("<trkpt lat=\"1\" lon=\"1\">\n<ele>up</ele></trkpt>"), "line 4: <ele> 'up' is no number" },
	{ "<gpx>\n<trk>\n<trkpt lat=\"1\" lon=\"1\"><time>2017-06-24T01:03:57Z</time></trkpt>\n",
		"line 3: the file ends inside a track" },
};

START_TEST(names_line_and_fault)
{
	struct tracks t = { .n = 77 };

	ck_assert_int_eq(parse(&t, bad[_i].text), TRACKS_E_MALFORMED);
	ck_assert_msg(!strncmp(fault, bad[_i].fault, strlen(bad[_i].fault)), "'%s' is not '%s'", fault, bad[_i].fault);
	ck_assert_uint_eq(t.n, 77);
}
END_TEST

START_TEST(a_field_has_a_bound)
{
	char text[4096];
	struct tracks t;

	snprintf(text, sizeof text, HEADER "%0600d,1,2017-06-24 01:11:20,-5.1,50,\n", 7);
	ck_assert_int_eq(parse(&t, text), TRACKS_E_MALFORMED);
	ck_assert_str_eq(fault, "line 2: a field is longer than 511 bytes");
}
END_TEST

/* Cut off anywhere, a file is refused or read as what it then is, and nothing is read past its end. */
START_TEST(prefixes)
{
	static const char csv_text[] = HEADER "\"Ares\",1,2017-06-24 01:11:20,-5.113851,50.170315,154.67\r\n";
	const char *text = _i ? csv_text : gpx_text;
	char cut[sizeof gpx_text];
	struct tracks t;

	for (size_t n = 0; n < strlen(text); n++) {
		memcpy(cut, text, n);
		cut[n] = '\0';
		int r = parse(&t, cut);
		ck_assert(r == 0 || r == TRACKS_E_MALFORMED);
		if (r == 0)
			tracks_free(&t);
	}
}
END_TEST

START_TEST(without_memory)
{
	const char *text = _i ? HEADER "A,1,2017-06-24 01:11:20,-5.1,50,\n" : gpx_text;
	struct tracks t = { 0 };

	for (size_t n = 1; failing_alloc_more(n); n++) {
		int r = tracks_parse(&t, text, strlen(text), fault);
		ck_assert_int_eq(r, failing_alloc_happened() ? -ENOMEM : 0);
		tracks_free(&t);
	}
}
END_TEST

START_TEST(files)
{
	char path[] = "/tmp/pettrack-tracks-XXXXXX";
	FILE *f = fdopen(mkstemp(path), "w");
	struct tracks t;

	/* Longer than what is read at once. */
	fputs(HEADER, f);
	for (int i = 0; i < 5000; i++)
		fprintf(f, "A,%d,2017-06-24 01:%02d:%02d,-5.1,50,\n", i, i / 60 % 60, i % 60);
	fclose(f);
	ck_assert_int_eq(tracks_read(&t, path, fault), 0);
	ck_assert_uint_eq(t.items[0].n, 5000);
	tracks_free(&t);
	for (size_t n = 1; failing_alloc_more(n); n++) {
		int r = tracks_read(&t, path, fault);
		ck_assert_int_eq(r, failing_alloc_happened() ? -ENOMEM : 0);
		tracks_free(&t);
	}
	unlink(path);
	ck_assert_int_eq(tracks_read(&t, path, fault), -ENOENT);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("tracks");
	TCase *c = tcase_create("tracks");

	tcase_set_timeout(c, 30);
	tcase_add_test(c, csv);
	tcase_add_test(c, csv_as_movebank_exports_it);
	tcase_add_test(c, gpx);
	tcase_add_loop_test(c, names_line_and_fault, 0, LENGTH(bad));
	tcase_add_test(c, a_field_has_a_bound);
	tcase_add_loop_test(c, prefixes, 0, 2);
	tcase_add_loop_test(c, without_memory, 0, 2);
	tcase_add_test(c, files);
	suite_add_tcase(s, c);
	return s;
}

UNIT_MAIN(suite)
