/*
 * Gives frames of devices in the field to `pettrack decode` and compares with what another server made of them, as
 * tests/ingest/protocols/conformance.h does for the decoders themselves
 *
 * argv[1] is the program, argv[2] the folder of the vectors, which are read where they lie; without it the test is skipped (77).
 * The program is asked line by line and not ended in between, unless the protocol has a session: each vector begins one.
 */
#include "base/text.h"
#include "base/time.h"
#include "tests/ingest/protocols/conformance.h"

#include <check.h>
#include <fcntl.h>
#include <math.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *program, *folder;

/* `pettrack decode` as it runs. */
static struct {
	const struct conformance *of;
	const char *form; /* "--hex"... */
	FILE *to, *from;
	pid_t pid; /* 0: it does not */
} running;

/* ---- the program ---- */

static void end(void)
{
	int status;

	if (running.pid == 0)
		return;
	fclose(running.to);
	ck_assert_int_eq(getc(running.from), EOF);
	fclose(running.from);
	ck_assert_int_eq(waitpid(running.pid, &status, 0), running.pid);
	ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0, "%s: status %x", program, (unsigned)status);
	running.pid = 0;
}

static void spawn(const char *const *argv)
{
	posix_spawn_file_actions_t files;
	int in[2], out[2];

	ck_assert_int_eq(pipe2(in, O_CLOEXEC), 0);
	ck_assert_int_eq(pipe2(out, O_CLOEXEC), 0);
	posix_spawn_file_actions_init(&files);
	posix_spawn_file_actions_adddup2(&files, in[0], STDIN_FILENO);
	posix_spawn_file_actions_adddup2(&files, out[1], STDOUT_FILENO);
	ck_assert_int_eq(posix_spawn(&running.pid, program, &files, NULL, (char *const *)(uintptr_t)argv, environ), 0);
	posix_spawn_file_actions_destroy(&files);
	close(in[0]);
	close(out[1]);
	running.to = fdopen(in[1], "w");
	running.from = fdopen(out[0], "r");
}

static void begin(const struct conformance *c, const char *form)
{
	char now[TIME_TEXT_SIZE];
	const char *const argv[] = { program, "decode", c->protocol->name, form, "--now", now,
		c->identifier ? "--login" : NULL, c->identifier, NULL };

	if (running.pid != 0 && running.of == c && running.form == form && !c->identifier)
		return;
	end();
	time_format(now, CONFORMANCE_NOW_MS);
	spawn(argv);
	running.of = c;
	running.form = form;
}

/* ---- the line of a vector ---- */

static void put_text(const json_t *vector)
{
	static uint8_t bytes[CONFORMANCE_BYTES];
	size_t n = conformance_bytes(bytes, vector);

	for (size_t i = 0; i < n; i++)
		if (bytes[i] == '\r' || bytes[i] == '\n' || bytes[i] == '\\' || bytes[i] == '\0')
			fprintf(running.to, "\\x%02x", bytes[i]);
		else
			putc(bytes[i], running.to);
}

static void put_request(const json_t *vector)
{
	json_t *method = json_object_get(vector, "http_method"), *body = json_object_get(vector, "frame_text");
	json_t *request = json_pack("{s:O, s:O*, s:O, s:O?}", "method", method, "uri",
		json_object_get(vector, "http_uri"), "headers", json_object_get(vector, "http_headers"), "body",
		strcmp(json_string_value(method), "POST") ? NULL : body);

	ck_assert_int_eq(json_dumpf(request, running.to, JSON_COMPACT), 0);
	json_decref(request);
}

/* What `pettrack decode` prints about a vector. */
static json_t *decoded(const struct conformance *c, const json_t *vector)
{
	static const char hex_form[] = "--hex", text_form[] = "--text", http_form[] = "--http";
	const char *hex = json_string_value(json_object_get(vector, "frame_hex"));

	begin(c, hex ? hex_form : c->protocol->http ? http_form : text_form);
	if (hex)
		fputs(hex, running.to);
	else if (c->protocol->http)
		put_request(vector);
	else
		put_text(vector);
	putc('\n', running.to);
	ck_assert_int_eq(fflush(running.to), 0);
	json_t *line = json_loadf(running.from, JSON_DISABLE_EOF_CHECK, NULL);
	ck_assert_msg(line, "no line of JSON");
	ck_assert_int_eq(getc(running.from), '\n');
	return line;
}

/* ---- its JSON back into positions ---- */

static void read_field(struct position *p, enum position_field field, float *to, const json_t *from, const char *name)
{
	const json_t *value = json_object_get(from, name);

	ck_assert_msg(json_is_real(value) || json_is_null(value), "%s", name);
	*to = (float)json_number_value(value);
	p->has |= json_is_real(value) ? field : 0;
}

static void read_place(struct position *p, const json_t *from)
{
	p->invalid = json_is_false(json_object_get(from, "valid"));
	p->lat_e7 = (int32_t)lround(json_number_value(json_object_get(from, "lat")) * 1e7);
	p->lon_e7 = (int32_t)lround(json_number_value(json_object_get(from, "lon")) * 1e7);
	p->has |= POSITION_LOCATION;
}

static void take(struct conformance_outcome *o, const json_t *from)
{
	struct position *p = &o->positions[o->n++];
	const char *time = json_string_value(json_object_get(from, "time"));

	if (time)
		ck_assert_int_eq(time_parse(&p->time_ms, time, strlen(time)), 0);
	if (json_object_get(from, "lat"))
		read_place(p, from);
	read_field(p, POSITION_SPEED, &p->speed_mps, from, "speed");
	read_field(p, POSITION_COURSE, &p->course_deg, from, "course");
	read_field(p, POSITION_ALTITUDE, &p->altitude_m, from, "altitude");
	read_field(p, POSITION_ACCURACY, &p->accuracy_m, from, "accuracy");
	read_field(p, POSITION_BATTERY, &p->battery_pct, from, "battery");
	ck_assert(json_is_object(json_object_get(from, "attributes")));
}

static void take_all(struct conformance_outcome *o, const json_t *reports)
{
	const json_t *report;
	size_t i;

	ck_assert_uint_lt(o->n + json_array_size(reports), CONFORMANCE_POSITIONS);
	json_array_foreach(reports, i, report) take(o, report);
}

static int reason_called(const char *name)
{
	int r = 1;

	while (r < REASONS && strcmp(protocol_reason_name((enum protocol_reason)r), name) != 0)
		r++;
	ck_assert_msg(r < REASONS, "%s", name);
	return r;
}

static void command(struct conformance_outcome *o, const struct conformance *c, const json_t *vector)
{
	json_t *line = decoded(c, vector);
	const json_t *contact = json_object_get(line, "contact");
	const char *error = json_string_value(json_object_get(line, "error"));

	take_all(o, json_object_get(line, "positions"));
	take_all(o, json_object_get(contact, "earlier"));
	if (contact && !json_is_null(contact))
		take(o, contact);
	ck_assert_int_lt(
		snprintf(o->answers, sizeof o->answers, "%s", json_string_value(json_object_get(line, "answer"))),
		(int)sizeof o->answers);
	o->uncut = error && (!strcmp(error, "incomplete") || !strcmp(error, "bad_frame"));
	if (error && !o->uncut)
		o->refused = reason_called(error);
	json_decref(line);
}

START_TEST(frames_of_the_field)
{
	const struct conformance *const lists[] = { conformance_binary, conformance_http, conformance_text };

	for (const struct conformance *c = lists[_i]; c->file; c++)
		conformance_check(folder, c, command);
	end();
}
END_TEST

int main(int argc, char **argv)
{
	program = argc > 1 ? argv[1] : "";
	folder = argc > 2 ? argv[2] : "";
	Suite *s = suite_create("decode_conformance");
	TCase *t = tcase_create("decode_conformance");
	tcase_set_timeout(t, 0); /* meson has one */
	tcase_add_loop_test(t, frames_of_the_field, 0, 3);
	suite_add_tcase(s, t);
	return conformance_run(s, folder);
}
