/* The commands as a person runs them, against an auth, a gateway and a live stream made of air. */
#include "cli/command.h"
#include "cli/devices.h"
#include "cli/simulation/identities.h"
#include "tests/cli/auth.h"
#include "tests/cli/gateway.h"
#include "tests/cli/home.h"
#include "tests/cli/live.h"
#include "tests/cli/polyglot.h"
#include "tests/lib/service/capture.h"
#include "tests/lib/unit.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct auth auth;
static char password_file[] = "/tmp/pettrack-password-XXXXXX";
static const char *out;

static void set_up(void)
{
	home_begin();
	ck_assert_int_eq(auth_open(&auth), 0);
	FILE *f = fdopen(mkstemp(password_file), "w");
	fputs("correct horse battery\n", f);
	fclose(f);
}

static void tear_down(void)
{
	unlink(password_file);
	auth_close(&auth);
	home_end();
}

/* Runs a command with a NULL-terminated command line, argv[0] included. Its exit status; what it printed is in @out. */
static int run_line(const struct command *c, const char *const *line)
{
	static char kept[8192]; /* settings point into it for ever */
	static char *end = kept;
	char *argv[24] = { NULL };
	int argc = 0;

	for (; line[argc]; argc++) {
		argv[argc] = end;
		end = stpcpy(end, line[argc]) + 1;
	}
	capture_begin(1);
	int status = c->run(argc, argv);
	out = capture_end(1);
	return status;
}

#define RUN(command, ...) run_line(&command, (const char *const[]){ "pettrack x", __VA_ARGS__, NULL })

static void log_in(void)
{
	ck_assert_int_eq(RUN(command_login, "--auth-url", auth.url, "--email", "a@example.org", "--password-file",
				 password_file),
		0);
}

START_TEST(login)
{
	ck_assert_int_eq(RUN(command_login, "--auth-url", auth.url, "--email", "a@example.org", "--password-file",
				 password_file, "--register"),
		0);
	ck_assert_str_eq(out, "Logged in as a@example.org.\n");
	ck_assert_int_eq(auth.registered, 1);
	ck_assert_int_eq(auth.logins, 1);
}
END_TEST

START_TEST(login_that_fails)
{
	ck_assert_int_eq(RUN(command_login, "--auth-url", auth.url), 2); /* who? */
	setenv("PETTRACK_PASSWORD", "wrong", 1);
	ck_assert_int_eq(RUN(command_login, "--auth-url", auth.url, "--email", "a@example.org"), 1);
	ck_assert_int_eq(RUN(command_login, "--auth-url", "http://127.0.0.1:1", "--email", "a@example.org"), 1);
	ck_assert_int_eq(RUN(command_login, "--nonsense"), 2);
}
END_TEST

START_TEST(device_from_add_to_remove)
{
	ck_assert_int_eq(RUN(command_device, "list"), 1); /* not logged in */
	log_in();
	ck_assert_int_eq(RUN(command_device, "add", "Blue collar", "--identifier", "356307042441013", "--pet", "Misty",
				 "--species", "cat", "--weight", "4.1"),
		0);
	ck_assert_str_eq(out, "id          00000000-0000-4000-8000-000000000000\n"
			      "identifier  356307042441013\nsecret      secret-0\n");
	const json_t *pet = json_object_get(json_array_get(auth.devices, 0), "pet");
	ck_assert_str_eq(device_text(pet, "species"), "cat");
	ck_assert_double_eq(json_real_value(json_object_get(pet, "weight_kg")), 4.1);
	ck_assert_int_eq(RUN(command_device, "list"), 0);
	ck_assert_ptr_nonnull(strstr(out, "Blue collar"));
	ck_assert_ptr_nonnull(strstr(out, "Misty, cat"));
	ck_assert_int_eq(RUN(command_device, "rotate", "Blue collar"), 0);
	ck_assert_str_eq(out, "identifier  356307042441013\nsecret      secret-0+\n");
	ck_assert_int_eq(RUN(command_device, "remove", "356307042441013", "--yes"), 0);
	ck_assert_uint_eq(json_array_size(auth.devices), 0);
}
END_TEST

START_TEST(device_as_json)
{
	log_in();
	ck_assert_int_eq(RUN(command_device, "add", "Blue collar", "--json"), 0);
	json_t *device = json_loads(out, 0, NULL);
	ck_assert_str_eq(device_text(device, "secret"), "secret-0");
	json_decref(device);
	ck_assert_int_eq(RUN(command_device, "list", "--json"), 0);
	json_t *list = json_loads(out, 0, NULL);
	ck_assert_uint_eq(json_array_size(list), 1);
	json_decref(list);
}
END_TEST

START_TEST(device_claimed)
{
	log_in();
	auth.code = "7kq2mzpw";
	ck_assert_int_eq(RUN(command_device, "claim", "--identifier", "356307042441013", "--code", "22222222", "--name",
				 "Blue collar"),
		1);
	ck_assert_int_eq(auth.guesses, 1); /* one guess is one guess */
	ck_assert_int_eq(auth.refreshes, 0);
	ck_assert_int_eq(RUN(command_device, "claim", "--identifier", "356307042441013", "--code", "7kq2mzpw", "--name",
				 "Blue collar"),
		0);
	ck_assert_str_eq(out, "id          00000000-0000-4000-8000-000000000000\n"
			      "identifier  356307042441013\nsecret      secret-0\n");
	ck_assert_str_eq(device_text(json_array_get(auth.devices, 0), "name"), "Blue collar");
	ck_assert_int_eq(RUN(command_device, "claim", "--identifier", "356307042441013", "--name", "x"), 2);
}
END_TEST

static void expect_rules(const char *wanted)
{
	const json_t *rules = json_object_get(json_array_get(auth.devices, 0), "rules");
	json_t *w = json_loads(wanted, JSON_DECODE_ANY, NULL);

	ck_assert_msg(json_equal(rules, w), "%s", json_dumps(rules, JSON_ENCODE_ANY));
	json_decref(w);
}

static const char no_rules[] = "clock offset        default\n"
			       "protocols           default\n"
			       "networks            default\n"
			       "filter invalid      default\n"
			       "filter zero island  default\n"
			       "accuracy at most    default\n"
			       "speed at most       default\n"
			       "distance at least   default\n"
			       "period at least     default\n";

START_TEST(device_rules_shown)
{
	log_in();
	ck_assert_int_eq(RUN(command_device, "add", "Blue collar"), 0);
	ck_assert_int_eq(RUN(command_device, "rules", "Blue collar"), 0);
	ck_assert_str_eq(out, no_rules);
	ck_assert_ptr_null(json_object_get(json_array_get(auth.devices, 0), "rules")); /* looking changes nothing */
	json_object_set_new(json_array_get(auth.devices, 0), "rules",
		json_pack("{s:i, s:[s,s], s:[s], s:{s:b, s:b, s:i, s:f}}", "clock_offset_s", -7200, "protocols", "gt06",
			"h02", "networks", "10.0.0.0/8", "filters", "invalid", 1, "zero_island", 0, "accuracy_max_m",
			50, "speed_max_mps", 0.0));
	ck_assert_int_eq(RUN(command_device, "rules", "Blue collar"), 0);
	ck_assert_str_eq(out, "clock offset        -7200 s\n"
			      "protocols           gt06, h02\n"
			      "networks            10.0.0.0/8\n"
			      "filter invalid      on\n"
			      "filter zero island  off\n"
			      "accuracy at most    50 m\n"
			      "speed at most       off\n"
			      "distance at least   default\n"
			      "period at least     default\n");
}
END_TEST

/* Settings stay set from one run to the next within a process: so one run. */
START_TEST(device_rules_changed)
{
	log_in();
	ck_assert_int_eq(RUN(command_device, "add", "Blue collar"), 0);
	json_object_set_new(json_array_get(auth.devices, 0), "rules",
		json_pack(
			"{s:[s], s:{s:b, s:i}}", "networks", "10.0.0.0/8", "filters", "invalid", 1, "period_min_s", 5));
	ck_assert_int_eq(RUN(command_device, "rules", "Blue collar", "--clock-offset", "-2h", "--protocols", "gt06,h02",
				 "--filter-invalid", "default", "--speed-max", "40.5", "--json"),
		0);
	expect_rules("{\"clock_offset_s\":-7200,\"protocols\":[\"gt06\",\"h02\"],\"networks\":[\"10.0.0.0/8\"],"
		     "\"filters\":{\"period_min_s\":5,\"speed_max_mps\":40.5}}");
	json_t *shown = json_loads(out, 0, NULL);
	ck_assert(json_equal(shown, json_object_get(json_array_get(auth.devices, 0), "rules")));
	json_decref(shown);
}
END_TEST

START_TEST(device_rules_cleared)
{
	log_in();
	ck_assert_int_eq(RUN(command_device, "add", "Blue collar"), 0);
	json_object_set_new(json_array_get(auth.devices, 0), "rules", json_pack("{s:i}", "clock_offset_s", -7200));
	ck_assert_int_eq(RUN(command_device, "rules", "Blue collar", "--clear"), 0);
	ck_assert_str_eq(out, no_rules);
	expect_rules("null");
}
END_TEST

START_TEST(device_rules_used_wrongly)
{
	log_in();
	ck_assert_int_eq(RUN(command_device, "add", "Blue collar"), 0);
	ck_assert_int_eq(RUN(command_device, "rules"), 2);
	ck_assert_int_eq(RUN(command_device, "rules", "nobody"), 1);
	ck_assert_int_eq(RUN(command_device, "rules", "Blue collar", "--clock-offset", "late"), 1);
	ck_assert_ptr_null(json_object_get(json_array_get(auth.devices, 0), "rules"));
}
END_TEST

#define UNKNOWN(identifier, last, contacts)                                                                            \
	"{\"identifier\":\"" identifier "\",\"protocol\":\"gt06\",\"address\":null,\"first_contact\":"                 \
	"\"2026-01-02T03:04:05.000Z\",\"last_contact\":\"2026-01-02T03:0" last ":05.000Z\",\"contacts\":" contacts     \
	",\"code\":\"7kq2mzpw\"}"

static const char *const unknown_pages[] = {
	"{\"devices\":[" UNKNOWN("a", "5", "7") "," UNKNOWN("bbbbbbbbbbbbbbb", "4", "123456789") "],\"next\":\"b\"}",
	"{\"devices\":[" UNKNOWN("c", "6", "1") "],\"next\":null}",
};

START_TEST(device_unknown_listed)
{
	auth.unknown = unknown_pages;
	ck_assert_int_eq(RUN(command_device, "unknown", "--auth-url", auth.url), 2); /* a secret must be given */
	setenv("CLIENT_SECRET", "a secret of the operator", 1);
	ck_assert_int_eq(RUN(command_device, "unknown", "--auth-url", auth.url), 0);
	ck_assert_str_eq(out, "IDENTIFIER       PROTOCOL  ADDRESS  FIRST CONTACT             LAST CONTACT              "
			      "CONTACTS   CODE\n"
			      "c                gt06               2026-01-02T03:04:05.000Z  2026-01-02T03:06:05.000Z  "
			      "1          7kq2mzpw\n"
			      "a                gt06               2026-01-02T03:04:05.000Z  2026-01-02T03:05:05.000Z  "
			      "7          7kq2mzpw\n"
			      "bbbbbbbbbbbbbbb  gt06               2026-01-02T03:04:05.000Z  2026-01-02T03:04:05.000Z  "
			      "123456789  7kq2mzpw\n");
	auth.unknown = unknown_pages;
	ck_assert_int_eq(RUN(command_device, "unknown", "--auth-url", auth.url, "--json"), 0);
	json_t *list = json_loads(out, 0, NULL);
	ck_assert_uint_eq(json_array_size(list), 3);
	ck_assert_str_eq(device_text(json_array_get(list, 0), "identifier"), "c");
	json_decref(list);
}
END_TEST

START_TEST(device_unknown_refused)
{
	setenv("CLIENT_SECRET", "a secret of the operator", 1);
	ck_assert_int_eq(RUN(command_device, "unknown", "--auth-url", auth.url), 1);
	ck_assert_str_eq(out, "");
}
END_TEST

START_TEST(device_shared)
{
	log_in();
	ck_assert_int_eq(RUN(command_device, "add", "Blue collar"), 0);
	ck_assert_int_eq(RUN(command_device, "share", "Blue collar", "vet@example.org"), 0);
	ck_assert_str_eq(out, "Blue collar is shared with vet@example.org, to view, once it is accepted by "
			      "2026-01-16T03:04:05.000Z.\n");
	ck_assert_int_eq(RUN(command_device, "share", "Blue collar", "ann@example.org", "--manage"), 0);
	ck_assert_str_eq(device_text(json_array_get(auth.given, 1), "rights"), "manage");
	ck_assert_int_eq(RUN(command_device, "shares", "Blue collar"), 0);
	ck_assert_str_eq(out, "SHARE                                 WITH             RIGHTS  STATE    EXPIRES\n"
			      "00000000-0000-4000-9000-000000000000  vet@example.org  view    pending  "
			      "2026-01-16T03:04:05.000Z\n"
			      "00000000-0000-4000-9000-000000000001  ann@example.org  manage  pending  "
			      "2026-01-16T03:04:05.000Z\n");
}
END_TEST

START_TEST(device_shared_wrongly)
{
	log_in();
	ck_assert_int_eq(RUN(command_device, "add", "Blue collar"), 0);
	ck_assert_int_eq(RUN(command_device, "share", "Blue collar"), 2);
	ck_assert_int_eq(RUN(command_device, "share"), 2);
	ck_assert_int_eq(RUN(command_device, "shares"), 2);
	ck_assert_int_eq(RUN(command_device, "share", "nobody", "vet@example.org"), 1);
	ck_assert_uint_eq(json_array_size(auth.given), 0);
}
END_TEST

#define SHARE "00000000-0000-4000-a000-000000000000"

static void receive(void)
{
	json_array_append_new(auth.received,
		json_pack("{s:s, s:{s:s}, s:{s:s, s:n}, s:s, s:s}", "id", SHARE, "device", "name", "Dog", "owner",
			"email", "ann@example.org", "name", "rights", "view", "state", "pending"));
}

START_TEST(shares_listed)
{
	log_in();
	ck_assert_int_eq(RUN(command_shares, NULL), 0);
	ck_assert_str_eq(out, "Nothing is shared with you.\n\nYou share nothing.\n");
	receive();
	ck_assert_int_eq(RUN(command_device, "add", "Blue collar"), 0);
	ck_assert_int_eq(RUN(command_device, "share", "Blue collar", "vet@example.org"), 0);
	ck_assert_int_eq(RUN(command_shares, NULL), 0);
	ck_assert_str_eq(out, "SHARE                                 FROM             DEVICE  RIGHTS  STATE\n" SHARE
			      "  ann@example.org  Dog     view    pending\n\n"
			      "SHARE                                 TO               DEVICE       RIGHTS  STATE\n"
			      "00000000-0000-4000-9000-000000000000  vet@example.org  Blue collar  view    pending\n");
	ck_assert_int_eq(RUN(command_shares, "--json"), 0);
	json_t *both = json_loads(out, 0, NULL);
	ck_assert(json_equal(json_object_get(both, "given"), auth.given));
	ck_assert(json_equal(json_object_get(both, "received"), auth.received));
	json_decref(both);
}
END_TEST

START_TEST(shares_answered)
{
	log_in();
	receive();
	ck_assert_int_eq(RUN(command_shares, "accept", SHARE), 0);
	ck_assert_str_eq(device_text(json_array_get(auth.received, 0), "state"), "accepted");
	ck_assert_int_eq(RUN(command_shares, "leave", SHARE), 0);
	ck_assert_uint_eq(json_array_size(auth.received), 0);
	receive();
	ck_assert_int_eq(RUN(command_shares, "decline", SHARE), 0);
	ck_assert_uint_eq(json_array_size(auth.received), 0);
	ck_assert_int_eq(RUN(command_shares, "accept", SHARE), 1); /* gone */
	ck_assert_int_eq(RUN(command_device, "add", "Blue collar"), 0);
	ck_assert_int_eq(RUN(command_device, "share", "Blue collar", "vet@example.org"), 0);
	ck_assert_int_eq(RUN(command_shares, "end", "00000000-0000-4000-9000-000000000000"), 0);
	ck_assert_uint_eq(json_array_size(auth.given), 0);
}
END_TEST

#define LINK "00000000-0000-4000-b000-000000000000"

START_TEST(link_made)
{
	log_in();
	ck_assert_int_eq(RUN(command_device, "add", "Blue collar"), 0);
	ck_assert_int_eq(RUN(command_link, "add", "Blue collar", "--for", "2h", "--label", "Walker", "--blur", "6"), 0);
	ck_assert_str_eq(out, "link     " LINK "\ntoken    secret\nexpires  2026-01-02T05:04:05.000Z\n");
	const json_t *made = json_array_get(auth.links, 0);
	ck_assert_int_eq(json_integer_value(json_object_get(made, "expires_in_s")), 7200);
	ck_assert_int_eq(json_integer_value(json_object_get(made, "blur")), 6);
	ck_assert(json_is_true(json_object_get(made, "live")) && json_is_false(json_object_get(made, "history")));
	ck_assert_ptr_null(json_object_get(made, "from"));
	ck_assert_str_eq(device_text(made, "label"), "Walker");
	auth.public_url = "https://pets.example.org";
	ck_assert_int_eq(
		RUN(command_link, "add", "Blue collar", "--not-live", "--history", "--until", "2026-01-02T08:00:00Z"),
		0);
	ck_assert_ptr_nonnull(strstr(out, "\nurl      https://pets.example.org/#share=secret\n"));
	made = json_array_get(auth.links, 1);
	ck_assert(json_is_false(json_object_get(made, "live")) && json_is_true(json_object_get(made, "history")));
	ck_assert_str_eq(device_text(made, "until"), "2026-01-02T08:00:00Z");
	ck_assert_int_eq(RUN(command_link, "add", "Blue collar", "--json"), 0);
	json_t *link = json_loads(out, 0, NULL);
	ck_assert(json_equal(link, json_array_get(auth.links, 2)));
	json_decref(link);
}
END_TEST

START_TEST(link_listed_renewed_revoked)
{
	log_in();
	ck_assert_int_eq(RUN(command_device, "add", "Blue collar"), 0);
	ck_assert_int_eq(RUN(command_link, "add", "Blue collar", "--label", "Vet"), 0);
	ck_assert_int_eq(RUN(command_link, "list", "Blue collar"), 0);
	ck_assert_str_eq(out, "LINK                                  FOR  EXPIRES                   OPENED  LAST\n" LINK
			      "  Vet  2026-01-02T05:04:05.000Z  3       \n");
	ck_assert_int_eq(RUN(command_link, "renew", LINK, "--for", "7d"), 0);
	ck_assert_str_eq(out, "expires  2026-01-02T05:04:05.000Z\n");
	ck_assert_int_eq(json_integer_value(json_object_get(json_array_get(auth.links, 0), "expires_in_s")), 7 * 86400);
	ck_assert_int_eq(RUN(command_link, "revoke", LINK), 0);
	ck_assert_uint_eq(json_array_size(auth.links), 0);
	ck_assert_int_eq(RUN(command_link, "revoke", LINK), 1);
	ck_assert_int_eq(RUN(command_link, "renew", LINK), 1);
}
END_TEST

START_TEST(link_used_wrongly)
{
	log_in();
	ck_assert_int_eq(RUN(command_link, NULL), 2);
	ck_assert_int_eq(RUN(command_link, "--help"), 0);
	ck_assert_str_eq(
		out, "Usage: pettrack x add DEVICE | list DEVICE | renew LINK | revoke LINK  [--flag VALUE]...\n");
	ck_assert_int_eq(RUN(command_link, "add"), 2);
	ck_assert_int_eq(RUN(command_link, "list"), 2);
	ck_assert_int_eq(RUN(command_link, "add", "nobody"), 1);
	ck_assert_int_eq(RUN(command_link, "add", "nobody", "--blur", "8"), 2);
	ck_assert_int_eq(RUN(command_link, "renew"), 2);
	ck_assert_int_eq(RUN(command_link, "revoke", "../devices"), 2);
	ck_assert_uint_eq(json_array_size(auth.links), 0);
}
END_TEST

START_TEST(shares_used_wrongly)
{
	ck_assert_int_eq(RUN(command_shares, NULL), 1); /* not logged in */
	log_in();
	receive();
	ck_assert_int_eq(RUN(command_shares, "accept"), 2);
	ck_assert_int_eq(RUN(command_shares, "fly"), 2);
	ck_assert_int_eq(RUN(command_shares, "leave", "../devices/x"), 2);
	ck_assert_uint_eq(json_array_size(auth.received), 1);
}
END_TEST

START_TEST(device_used_wrongly)
{
	log_in();
	ck_assert_int_eq(RUN(command_device, "fly"), 2);
	ck_assert_int_eq(RUN(command_device, "add"), 2);
	ck_assert_int_eq(RUN(command_device, "rotate"), 2);
	ck_assert_int_eq(RUN(command_device, "rotate", "nobody"), 1);
	ck_assert_int_eq(RUN(command_device, "add", "x", "--pet", "Misty", "--weight", "heavy"), 1);
	ck_assert_int_eq(RUN(command_device, "--help"), 0);
}
END_TEST

static const char *address_of(const struct gateway *g)
{
	static char text[32];

	snprintf(text, sizeof text, "127.0.0.1:%u", gateway_port(g));
	return text;
}

START_TEST(simulate)
{
	char devices[] = "/tmp/pettrack-devices-XXXXXX", acks[] = "/tmp/pettrack-acks-XXXXXX";
	struct stat st;
	struct gateway *g;

	close(mkstemp(devices));
	close(mkstemp(acks));
	log_in();
	ck_assert_int_eq(gateway_open(&g, &(struct gateway_options){ .teltonika = _i }), 0);
	ck_assert_int_eq(RUN(command_simulate, "--gateway", address_of(g), "--protocol", _i ? "teltonika" : "osmand",
				 "--register", "--devices", devices, "--trackers", "25", "--past", "12h", "--speed-up",
				 "0", "--ack-log", acks, "--json"),
		0);
	struct gateway_counts c = gateway_close(g);

	json_t *result = json_loads(out, 0, NULL);
	ck_assert_int_gt(c.taken, 25);
	ck_assert_int_eq(json_integer_value(json_object_get(result, "acked")), c.taken);
	ck_assert_int_eq(json_integer_value(json_object_get(result, "trackers")), 25);
	json_decref(result);
	ck_assert_uint_eq(json_array_size(auth.devices), 25);
	ck_assert_str_eq(
		device_text(json_array_get(auth.devices, 20), "name"), "Misty 2"); /* twenty pets, then again */
	ck_assert_int_eq(stat(acks, &st), 0);
	ck_assert_int_gt(st.st_size, 0);

	/* The file of devices is enough for the next time. */
	ck_assert_int_eq(gateway_open(&g, &(struct gateway_options){ .teltonika = _i }), 0);
	ck_assert_int_eq(RUN(command_simulate, "--gateway", address_of(g), "--protocol", _i ? "teltonika" : "osmand",
				 "--devices", devices, "--past", "1h", "--speed-up", "0", "--interval", "10m",
				 "--count", "7", "--register=false", "--json=false"),
		0);
	ck_assert_int_eq(gateway_close(g).taken, 7);
	ck_assert_ptr_nonnull(strstr(out, "25 trackers: 7 positions acknowledged"));
	unlink(devices);
	unlink(acks);
}
END_TEST

START_TEST(simulate_tracks)
{
	char tracks[] = "/tmp/pettrack-tracks-XXXXXX", devices[] = "/tmp/pettrack-devices-XXXXXX";
	char acks[] = "/tmp/pettrack-acks-XXXXXX", line[256];
	struct gateway *g;
	FILE *f = fdopen(mkstemp(tracks), "w");

	fputs("tag_id,timestamp,location_long,location_lat\nAres,2017-06-24 01:03:57,-5.1,50.1\nZoe,2017-06-24 "
	      "01:03:57,-5.2,50.2\n",
		f);
	fclose(f);
	f = fdopen(mkstemp(devices), "w");
	fputs("{\"identifier\":\"Zoe\",\"secret\":\"s\"}\n{\"identifier\":\"other\",\"secret\":\"s\"}\n", f);
	fclose(f);
	close(mkstemp(acks));
	ck_assert_int_eq(gateway_open(&g, &(struct gateway_options){ 0 }), 0);
	/* The device that is called Zoe stands first, and still plays the second track. */
	ck_assert_int_eq(RUN(command_simulate, "--gateway", address_of(g), "--devices", devices, "--tracks", tracks,
				 "--keep-times", "--speed-up", "0", "--ack-log", acks),
		0);
	ck_assert_int_eq(gateway_close(g).taken, 2);
	f = fopen(acks, "r");
	unsigned zoe = 0, other = 0;
	while (fgets(line, sizeof line, f)) {
		ck_assert_ptr_nonnull(strstr(line, "\"time\":1498266237000"));
		other += strstr(line, "\"other\"") && strstr(line, "\"lat\":50.1,");
		zoe += strstr(line, "\"Zoe\"") && strstr(line, "\"lat\":50.2,");
	}
	ck_assert_uint_eq(zoe, 1);
	ck_assert_uint_eq(other, 1);
	fclose(f);
	unlink(tracks);
	unlink(devices);
	unlink(acks);
}
END_TEST

static int64_t heard;

static void count_heard(const char *identifier, const struct position *p)
{
	heard += !strcmp(identifier, "356307042441013") && p->time_ms > 0;
}

START_TEST(simulate_what_is_not_acknowledged)
{
	const struct polyglot_options o = { .protocol = protocol_find("t55"), .taken = count_heard };
	char devices[] = "/tmp/pettrack-devices-XXXXXX", address[32];
	struct polyglot *g;
	FILE *f = fdopen(mkstemp(devices), "w");

	fputs("{\"identifier\":\"356307042441013\"}\n", f);
	fclose(f);
	ck_assert_int_eq(polyglot_open(&g, &o), 0);
	snprintf(address, sizeof address, "127.0.0.1:%u", polyglot_port(g));
	ck_assert_int_eq(RUN(command_simulate, "--gateway", address, "--protocol", "t55", "--devices", devices,
				 "--past", "7d", "--speed-up", "0", "--count", "7", "--records", "3"),
		0);
	polyglot_close(g);
	ck_assert_int_eq(heard, 7);
	ck_assert_ptr_nonnull(strstr(out, "1 trackers: 7 positions sent in "));
	ck_assert_ptr_nonnull(strstr(out, "/s); t55 acknowledges nothing\n"));
	unlink(devices);
}
END_TEST

static const struct {
	const char *flags[8];
	int status;
} wrong[] = {
	{ { "--gateway", "nowhere" }, 2 },
	{ { "--gateway", "127.0.0.1:0", "--register" }, 2 },
	{ { "--gateway", "127.0.0.1:99999", "--register" }, 2 },
	{ { "--protocol", "smoke" }, 2 },
	{ { "--protocol", "teltonika", "--codec", "9" }, 2 },
	{ { "--speed-up", "0", "--register" }, 2 }, /* without an end */
	{ { "--trackers", "3" }, 2 }, /* whose? */
	{ { "--devices", "/nowhere" }, 1 },
	{ { "--devices", "/dev/null" }, 1 },
	{ { "--tracks", "/nowhere", "--register" }, 1 },
	{ { "--register" }, 1 }, /* not logged in */
	{ { "--home", "Falmouth" }, 2 },
	{ { "--home", "50" }, 2 },
	{ { "--spread", "-1" }, 2 },
	{ { "--species", "fish" }, 2 },
};

START_TEST(simulate_used_wrongly)
{
	const char *const *f = wrong[_i].flags;

	ck_assert_int_eq(RUN(command_simulate, f[0], f[1], f[2], f[3]), wrong[_i].status);
}
END_TEST

/* Who plays fewer of them leaves the others' secrets in the file. */
START_TEST(a_file_of_devices_for_several_plays)
{
	char devices[] = "/tmp/pettrack-devices-XXXXXX", fault[IDENTITIES_FAULT_SIZE];
	struct identities kept;
	struct gateway *g;

	close(mkstemp(devices));
	log_in();
	ck_assert_int_eq(gateway_open(&g, &(struct gateway_options){ 0 }), 0);
	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(RUN(command_simulate, "--gateway", address_of(g), "--register", "--devices", devices,
					 "--trackers", i == 1 ? "2" : "4", "--past", "12h", "--speed-up", "0"),
			0);
	gateway_close(g);
	ck_assert_int_eq(identities_read(&kept, devices, fault), 0);
	ck_assert_uint_eq(kept.n, 4);
	for (size_t i = 0; i < 4; i++)
		ck_assert_str_eq(kept.items[i].secret, device_text(json_array_get(auth.devices, i), "secret"));
	ck_assert_str_eq(kept.items[3].secret, "secret-3"); /* never replaced */
	identities_free(&kept);
	unlink(devices);
}
END_TEST

START_TEST(nothing_acknowledged_is_a_failure)
{
	struct gateway *g;

	log_in();
	ck_assert_int_eq(gateway_open(&g, &(struct gateway_options){ .refuse_frames = true }), 0);
	ck_assert_int_eq(RUN(command_simulate, "--gateway", address_of(g), "--register", "--trackers", "2", "--past",
				 "12h", "--speed-up", "0"),
		1);
	gateway_close(g);
}
END_TEST

START_TEST(seed)
{
	struct gateway *g;

	ck_assert_int_eq(gateway_open(&g, &(struct gateway_options){ 0 }), 0);
	ck_assert_int_eq(
		RUN(command_seed, "--gateway", address_of(g), "--auth-url", auth.url, "--register", "--email",
			"b@example.org", "--password-file", password_file, "--pets", "4", "--days", "3", "--json"),
		0);
	struct gateway_counts c = gateway_close(g);
	ck_assert_int_eq(auth.registered, 1);
	ck_assert_uint_eq(json_array_size(auth.devices), 4);
	ck_assert_int_gt(c.taken, 100);
	ck_assert_int_eq(c.taken, c.distinct);
}
END_TEST

/* As in a container: the account is in the environment, and no folder of one's own can be written. */
START_TEST(simulate_without_a_home)
{
	static const char *const names[] = { "PETTRACK_AUTH_URL", "PETTRACK_EMAIL", "PETTRACK_PASSWORD_FILE" };
	const char *const values[] = { auth.url, "c@example.org", password_file };
	struct gateway *g;

	setenv("XDG_CONFIG_HOME", "/proc/nowhere", 1);
	for (size_t i = 0; i < 3; i++)
		setenv(names[i], values[i], 1);
	ck_assert_int_eq(gateway_open(&g, &(struct gateway_options){ 0 }), 0);
	for (int i = 0; i < 2; i++)
		ck_assert_int_eq(RUN(command_simulate, "--gateway", address_of(g), "--register", "--trackers", "3",
					 "--past", "3h", "--interval", "10m", "--speed-up", "0"),
			0);
	gateway_close(g);
	ck_assert_int_eq(auth.registered, 2);
	ck_assert_int_eq(auth.logins, 2);
	ck_assert_int_eq(auth.logouts, 2);
	ck_assert_uint_eq(json_array_size(auth.devices), 3);
}
END_TEST

START_TEST(an_auth_that_does_not_come)
{
	ck_assert_int_eq(RUN(command_seed, "--auth-url", "http://127.0.0.1:1", "--email", "b@example.org",
				 "--password-file", password_file, "--wait", "300ms"),
		1);
}
END_TEST

/* ---- tail ---- */

#define POSITION(device, seconds, more)                                                                                \
	"{\"device\":\"00000000-0000-4000-8000-00000000000" device "\",\"time\":\"2026-01-02T03:04:0" seconds          \
	".000Z\","                                                                                                     \
	"\"lat\":50.1703,\"lon\":-5.1138" more "}"

static const char *url_of(const struct live *l)
{
	static char text[64];

	snprintf(text, sizeof text, "ws://127.0.0.1:%u/v1/live", live_port(l));
	return text;
}

START_TEST(tail_goes_on_where_it_was)
{
	static const struct live_script scripts[] = {
		{ { "{\"type\":\"subscribed\",\"devices\":[],\"recovered\":false,\"cursor\":\"c1\"}",
			  "{\"type\":\"snapshot\",\"positions\":[" POSITION(
				  "0", "1", "") "],\"cursor\":\"c2\",\"last\":true}",
			  "{\"type\":\"positions\",\"positions\":[" POSITION(
				  "0", "2", ",\"late\":true,\"battery\":81") "],"
									     "\"cursor\":\"c3\",\"skipped\":4}" },
			1001 },
		{ { "{\"type\":\"subscribed\",\"devices\":[],\"recovered\":true,\"cursor\":\"c3\"}",
			"{\"type\":\"positions\",\"positions\":[" POSITION("0", "3", "") "," POSITION(
				"9", "4", "") "],"
					      "\"cursor\":\"c4\"}" } },
	};
	struct live *l;

	log_in();
	ck_assert_int_eq(RUN(command_device, "add", "Misty"), 0);
	ck_assert_int_eq(live_open(&l, scripts, 2), 0);
	ck_assert_int_eq(RUN(command_tail, "--live-url", url_of(l), "--count", "4"), 0);
	live_close(l);
	ck_assert_str_eq(out, "2026-01-02T03:04:01.000Z  Misty                 50.1703,-5.1138\n"
			      "2026-01-02T03:04:02.000Z  Misty                 50.1703,-5.1138  battery 81%  late\n"
			      "2026-01-02T03:04:03.000Z  Misty                 50.1703,-5.1138\n"
			      "2026-01-02T03:04:04.000Z  00000000-0000-4000-8000-000000000009  50.1703,-5.1138\n");
	ck_assert_str_eq(live_heard(0),
		"{\"type\":\"auth\",\"token\":\"access-1\"}\n{\"type\":\"subscribe\",\"devices\":\"all\"}\n");
	ck_assert_str_eq(live_heard(1), "{\"type\":\"auth\",\"token\":\"access-1\"}\n"
					"{\"type\":\"subscribe\",\"devices\":\"all\",\"cursor\":\"c3\"}\n");
}
END_TEST

START_TEST(tail_of_one_device_as_json)
{
	static const struct live_script scripts[] = {
		{ { "{\"type\":\"subscribed\",\"recovered\":false,\"cursor\":\"c1\"}",
			"{\"type\":\"snapshot\",\"positions\":[" POSITION(
				"1", "1", "") "],\"cursor\":\"c2\",\"last\":true}" } },
	};
	struct live *l;

	log_in();
	ck_assert_int_eq(RUN(command_device, "add", "Misty"), 0);
	ck_assert_int_eq(RUN(command_device, "add", "Bruno"), 0);
	ck_assert_int_eq(live_open(&l, scripts, 1), 0);
	ck_assert_int_eq(RUN(command_tail, "--live-url", url_of(l), "--device", "Bruno", "--json", "--count", "1"), 0);
	live_close(l);
	ck_assert_ptr_nonnull(strstr(out, scripts[0].frames[1]));
	ck_assert_ptr_nonnull(strstr(live_heard(0), "\"devices\":[\"00000000-0000-4000-8000-000000000001\"]"));
}
END_TEST

/* A token that is about to end is replaced on the open socket; one that is not taken, before the next try. */
START_TEST(tail_renews_its_token)
{
	static const struct live_script scripts[] = {
		{ .deny = 4401 },
		{ { "{\"type\":\"subscribed\",\"recovered\":false,\"cursor\":\"c1\"}", "{\"type\":\"expiring\"}",
			  "{\"type\":\"snapshot\",\"positions\":[],\"cursor\":\"c2\",\"last\":true}",
			  "{\"type\":\"devices\",\"added\":[],\"removed\":[]}",
			  "{\"type\":\"error\",\"code\":\"not_found\",\"device\":\"x\"}" },
			.close = 1001, .heard = 3 },
		{ { "{\"type\":\"positions\",\"positions\":[" POSITION("0", "1", "") "],\"cursor\":\"c3\"}" } },
	};
	struct live *l;

	log_in();
	ck_assert_int_eq(live_open(&l, scripts, 3), 0);
	ck_assert_int_eq(RUN(command_tail, "--live-url", url_of(l), "--count", "1"), 0);
	live_close(l);
	ck_assert_ptr_nonnull(strstr(live_heard(0), "access-1"));
	ck_assert_ptr_nonnull(strstr(live_heard(1), "access-2"));
	ck_assert_int_eq(auth.refreshes, 1);
	const char *second = strstr(live_heard(1), "\"auth\""), *third = strstr(second + 1, "\"auth\"");
	ck_assert_ptr_nonnull(third);
	ck_assert_ptr_null(strstr(strstr(live_heard(1), "subscribe") + 1, "subscribe")); /* once is enough */
}
END_TEST

START_TEST(tail_that_is_never_let_in)
{
	static const struct live_script scripts[] = { { .deny = 4401 }, { .deny = 4401 }, { .deny = 4401 } };
	struct live *l;

	ck_assert_int_eq(RUN(command_tail, "--count", "1"), 1); /* not logged in */
	log_in();
	ck_assert_int_eq(RUN(command_tail, "--live-url", "gopher://x"), 1);
	ck_assert_int_eq(RUN(command_tail, "--device", "nobody"), 1);
	ck_assert_int_eq(live_open(&l, scripts, 3), 0);
	ck_assert_int_eq(RUN(command_tail, "--live-url", url_of(l), "--device", "all"), 1);
	live_close(l);
}
END_TEST

/* Most need an auth; closing its server takes a second or two, so those that do not have none. */
static Suite *suite(void)
{
	Suite *s = suite_create("commands");
	TCase *alone = tcase_create("alone"), *c = tcase_create("with auth");

	tcase_add_checked_fixture(alone, home_begin, home_end);
	tcase_add_test(alone, simulate_tracks);
	tcase_add_test(alone, simulate_what_is_not_acknowledged);
	tcase_add_loop_test(alone, simulate_used_wrongly, 0, (int)(sizeof wrong / sizeof *wrong));
	suite_add_tcase(s, alone);

	tcase_set_timeout(c, 60);
	tcase_add_checked_fixture(c, set_up, tear_down);
	tcase_add_test(c, login);
	tcase_add_test(c, login_that_fails);
	tcase_add_test(c, device_from_add_to_remove);
	tcase_add_test(c, device_as_json);
	tcase_add_test(c, device_claimed);
	tcase_add_test(c, device_rules_shown);
	tcase_add_test(c, device_rules_changed);
	tcase_add_test(c, device_rules_cleared);
	tcase_add_test(c, device_rules_used_wrongly);
	tcase_add_test(c, device_unknown_listed);
	tcase_add_test(c, device_unknown_refused);
	tcase_add_test(c, device_shared);
	tcase_add_test(c, device_shared_wrongly);
	tcase_add_test(c, shares_listed);
	tcase_add_test(c, shares_answered);
	tcase_add_test(c, shares_used_wrongly);
	tcase_add_test(c, link_made);
	tcase_add_test(c, link_listed_renewed_revoked);
	tcase_add_test(c, link_used_wrongly);
	tcase_add_test(c, device_used_wrongly);
	tcase_add_loop_test(c, simulate, 0, 2);
	tcase_add_test(c, a_file_of_devices_for_several_plays);
	tcase_add_test(c, nothing_acknowledged_is_a_failure);
	tcase_add_test(c, seed);
	tcase_add_test(c, simulate_without_a_home);
	tcase_add_test(c, an_auth_that_does_not_come);
	tcase_add_test(c, tail_goes_on_where_it_was);
	tcase_add_test(c, tail_of_one_device_as_json);
	tcase_add_test(c, tail_renews_its_token);
	tcase_add_test(c, tail_that_is_never_let_in);
	suite_add_tcase(s, c);
	return s;
}

UNIT_MAIN(suite)
