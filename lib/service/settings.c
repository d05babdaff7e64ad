/* settings - from flags, environment, files and defaults into the program's variables. */
#include "service/settings.h"
#include "service/memory.h"
#include "service/probe.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SETTINGS_MAX = 128, SECRET_FILE_MAX = 64 * 1024 };

struct given {
	const char *text;
	const char *from; /* for complaints */
};

struct reading {
	const struct service *service;
	const struct setting *rows[SETTINGS_MAX];
	struct given given[SETTINGS_MAX];
	size_t n;
	size_t arguments_n;
	const char *probe; /* what to ask the running program; NULL: nothing */
};

static int usage(const struct reading *r)
{
	fprintf(stderr, "Try '%s --help'.\n", r->service->name);
	return SERVICE_E_USAGE;
}

/* ---- which setting a flag means ---- */

enum { NO_ROW = -1, DOUBT = -2 };

/* @name without its first word: AUTH_ROLES is also --roles. */
static const char *short_name(const char *name)
{
	const char *underscore = strchr(name, '_');

	return underscore ? underscore + 1 : name;
}

static bool spells(const char *flag, size_t len, const char *name)
{
	for (size_t i = 0; i < len; i++, name++) {
		char c = *name == '_' ? '-' : *name >= 'A' && *name <= 'Z' ? (char)(*name | 0x20) : *name;
		if (c != flag[i])
			return false;
	}
	return *name == '\0';
}

/* @name as --help shows it: without the program's prefix. */
static const char *shown_name(const struct reading *r, const char *name)
{
	size_t n = r->service->prefix ? strlen(r->service->prefix) : 0;

	return n && !strncmp(name, r->service->prefix, n) ? name + n : name;
}

/* A name in full goes first, then one without the program's prefix, then one without its first word. */
static int find_row(const struct reading *r, const char *flag, size_t len)
{
	int found = NO_ROW;

	for (size_t i = 0; i < r->n; i++)
		if (spells(flag, len, r->rows[i]->name))
			return (int)i;
	for (size_t i = 0; i < r->n; i++)
		if (spells(flag, len, shown_name(r, r->rows[i]->name)))
			return (int)i;
	for (size_t i = 0; i < r->n; i++)
		if (spells(flag, len, short_name(r->rows[i]->name)))
			found = found == NO_ROW ? (int)i : DOUBT;
	return found;
}

/* ---- the nearest flag, for the complaint about an unknown one ---- */

static size_t edit_distance(const char *a, const char *b)
{
	size_t row[FLAG_SIZE + 1], n = strnlen(b, FLAG_SIZE);

	for (size_t j = 0; j <= n; j++)
		row[j] = j;
	for (; *a; a++) {
		size_t diagonal = row[0]++;
		for (size_t j = 1; j <= n; j++) {
			size_t best = diagonal + (*a != b[j - 1]);
			diagonal = row[j];
			best = row[j] + 1 < best ? row[j] + 1 : best;
			row[j] = row[j - 1] + 1 < best ? row[j - 1] + 1 : best;
		}
	}
	return row[n];
}

static int unknown_flag(const struct reading *r, const char *flag)
{
	char asked[FLAG_SIZE], name[FLAG_SIZE], nearest[FLAG_SIZE] = "--help";

	snprintf(asked, sizeof asked, "%.*s", (int)strcspn(flag, "="), flag);
	size_t best = edit_distance(asked, nearest);
	for (size_t i = 0; i < r->n; i++)
		for (int shorter = 0; shorter < 2; shorter++) {
			const char *full = r->rows[i]->name;
			struct setting row = { .name = shorter ? short_name(full) : full };
			setting_flag_name(name, &row, NULL);
			size_t distance = edit_distance(asked, name);
			if (distance < best) {
				best = distance;
				memcpy(nearest, name, sizeof name);
			}
		}
	fprintf(stderr, "%s: there is no %s; the nearest is %s\n", r->service->name, asked, nearest);
	return usage(r);
}

/* ---- flags ---- */

static int take_file(const struct reading *r, size_t row, const char *path, struct given *ret);

static bool ends_in_file(const char *flag, size_t len)
{
	return len > 5 && !strncmp(flag + len - 5, "-file", 5);
}

/* One "--flag value" or "--flag=value" at argv[*i]; moves *i to what it used last. */
static int take_flag(struct reading *r, int argc, char **argv, int *i)
{
	const char *flag = argv[*i] + 2, *value = strchr(flag, '=');
	size_t len = value ? (size_t)(value - flag) : strlen(flag);
	int row = find_row(r, flag, len);
	bool file = false;

	if (row == NO_ROW && ends_in_file(flag, len)) {
		row = find_row(r, flag, len - 5);
		file = row >= 0 && r->rows[row]->flags & SETTING_SECRET;
		if (!file)
			row = NO_ROW;
	}
	if (row == NO_ROW)
		return unknown_flag(r, argv[*i]);
	if (row == DOUBT) {
		fprintf(stderr, "%s: --%.*s may mean several settings: write its name in full\n", r->service->name,
			(int)len, flag);
		return usage(r);
	}
	if (value)
		value++;
	else if (r->rows[row]->parse == setting_bool)
		value = "true";
	else if (*i + 1 < argc)
		value = argv[++*i];
	else {
		fprintf(stderr, "%s: --%s needs a value\n", r->service->name, flag);
		return usage(r);
	}
	if (file)
		return take_file(r, (size_t)row, value, &r->given[row]);
	r->given[row] = (struct given){ value, "flag" };
	return 0;
}

/* "--probe readyz" or "--probe=readyz", where the program has a port to be asked on. */
static bool is_probe(const struct reading *r, const char *flag)
{
	size_t n = strlen("--probe");

	return settings_ops(r->service->settings) && !strncmp(flag, "--probe", n) && (!flag[n] || flag[n] == '=');
}

static int take_probe(struct reading *r, int argc, char **argv, int *i)
{
	const char *equals = strchr(argv[*i], '=');

	r->probe = equals ? equals + 1 : *i + 1 < argc ? argv[++*i] : "";
	if (probe_knows(r->probe))
		return 0;
	fprintf(stderr, "%s: --probe is '%s'; it must be healthz or readyz\n", r->service->name, r->probe);
	return usage(r);
}

static int take_argument(struct reading *r, const char *argument)
{
	if (r->arguments_n == r->service->arguments_max) {
		fprintf(stderr, "%s: '%s' is one argument too many\n", r->service->name, argument);
		return usage(r);
	}
	r->service->ret_arguments[r->arguments_n++] = argument;
	return 0;
}

static int take_flags(struct reading *r, const struct setting *common, int argc, char **argv)
{
	int result = 0;
	bool flags = true;

	for (int i = 1; i < argc && result == 0; i++) {
		if (!flags || argv[i][0] != '-' || argv[i][1] == '\0') {
			result = take_argument(r, argv[i]);
		} else if (!strcmp(argv[i], "--")) {
			flags = false;
		} else if (!strcmp(argv[i], "--help") || !strcmp(argv[i], "-h")) {
			settings_help(r->service, common);
			return SERVICE_E_DONE;
		} else if (!strcmp(argv[i], "--version")) {
			printf("%s %s\n", r->service->name, PETTRACK_VERSION);
			return SERVICE_E_DONE;
		} else if (is_probe(r, argv[i])) {
			result = take_probe(r, argc, argv, &i);
		} else {
			result = argv[i][1] == '-' ? take_flag(r, argc, argv, &i) : unknown_flag(r, argv[i]);
		}
	}
	return result;
}

/* ---- environment and files ---- */

/* Up to @size bytes of a file, a pipe too. How many, or -errno. */
static ssize_t read_file(const char *path, char *buf, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : 0, total = 0;

	while (fd >= 0 && (size_t)total < size && (n = read(fd, buf + total, size - (size_t)total)) > 0)
		total += n;
	int saved = errno;
	if (fd >= 0)
		close(fd);
	return n < 0 ? -saved : total;
}

/* A secret's text goes into memory that is never freed: settings live as long as the process. */
static int take_file(const struct reading *r, size_t row, const char *path, struct given *ret)
{
	static struct kept { /* reachable for leak checkers */
		struct kept *next;
		char text[];
	} * kept;
	char buf[SECRET_FILE_MAX + 1];
	ssize_t n = read_file(path, buf, sizeof buf);

	if (n < 0 || n > SECRET_FILE_MAX) {
		fprintf(stderr, "%s: the file %s for %s: %s\n", r->service->name, path, r->rows[row]->name,
			n < 0 ? strerror((int)-n) : "more than 64 KiB");
		return usage(r);
	}
	n -= n > 0 && buf[n - 1] == '\n';
	struct kept *k = memory_for_life(sizeof *k + (size_t)n + 1);
	memcpy(k->text, buf, (size_t)n);
	k->next = kept;
	kept = k;
	*ret = (struct given){ k->text, "file" };
	return 0;
}

static const char *environment(const char *name, const char *suffix)
{
	char full[FLAG_SIZE];
	struct text t = text_in(full, sizeof full);

	text_puts(&t, name);
	text_puts(&t, suffix);
	const char *v = text_ok(&t) ? getenv(full) : NULL;
	return v && *v ? v : NULL;
}

static int take_environment(struct reading *r, size_t row)
{
	const struct setting *s = r->rows[row];
	struct given *g = &r->given[row];

	*g = (struct given){ environment(s->name, ""), "environment" };
	if (g->text || !(s->flags & SETTING_SECRET))
		return 0;
	const char *path = environment(s->name, "_FILE");
	return path ? take_file(r, row, path, g) : 0;
}

/* ---- into the variables ---- */

static int missing(const struct reading *r, size_t row)
{
	char flag[FLAG_SIZE];
	const struct setting *s = r->rows[row];

	setting_flag_name(flag, s, r->service->prefix);
	fprintf(stderr, "%s: %s is required: set it in the environment or by %s", r->service->name, s->name, flag);
	if (s->flags & SETTING_SECRET)
		fprintf(stderr, ", or name a file that holds it by %s_FILE", s->name);
	fputc('\n', stderr);
	return usage(r);
}

static int store(const struct reading *r, size_t row)
{
	const struct setting *s = r->rows[row];
	struct given g = r->given[row];

	if (!g.text && s->flags & SETTING_REQUIRED)
		return missing(r, row);
	if (!g.text)
		g = (struct given){ s->fallback, "default" };
	const char *wrong = g.text ? s->parse(g.text, s->target, s->min, s->max) : NULL;
	if (!wrong)
		return 0;
	if (s->flags & SETTING_SECRET)
		fprintf(stderr, "%s: %s (from %s) %s\n", r->service->name, s->name, g.from, wrong);
	else
		fprintf(stderr, "%s: %s is '%s' (from %s); it %s\n", r->service->name, s->name, g.text, g.from, wrong);
	return usage(r);
}

static int add_rows(struct reading *r, const struct setting *s)
{
	for (; s->name; s++) {
		if (r->n == SETTINGS_MAX)
			return -E2BIG;
		r->rows[r->n++] = s;
	}
	return 0;
}

/* ---- --probe ---- */

const struct setting *settings_ops(const struct setting *s)
{
	while (s->name && strcmp(s->name, "OPS_PORT") != 0)
		s++;
	return s->name ? s : NULL;
}

/* Reads the setting that @flag spells, and no other. */
static int read_one(struct reading *r, const char *flag, const struct setting **ret)
{
	int row = find_row(r, flag, strlen(flag)), result = 0;

	if (row < 0)
		return -ENOENT;
	if (!r->given[row].text)
		result = take_environment(r, (size_t)row);
	*ret = r->rows[row];
	return result ? result : store(r, (size_t)row);
}

/* Whoever asks may have none of the program's secrets, and opens nothing. */
static int run_probe(struct reading *r)
{
	const struct setting *address = NULL, *port = NULL;
	int result = read_one(r, "ops-address", &address);

	if (result == 0)
		result = read_one(r, "ops-port", &port);
	if (result == 0)
		result = probe(r->service->name, *(const char *const *)address->target, *(const uint16_t *)port->target,
			r->probe);
	return result ? result : SERVICE_E_DONE;
}

int settings_read(const struct service *s, const struct setting *common, int argc, char **argv)
{
	struct reading r = { .service = s };
	int result = add_rows(&r, s->settings);

	if (result == 0)
		result = add_rows(&r, common);
	if (result == 0)
		result = take_flags(&r, common, argc, argv);
	if (result == 0 && r.probe)
		return run_probe(&r);
	for (size_t i = 0; i < r.n && result == 0; i++)
		if (!r.given[i].text)
			result = take_environment(&r, i);
	for (size_t i = 0; i < r.n && result == 0; i++)
		result = store(&r, i);
	return result;
}
