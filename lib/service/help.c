/* service's --help: one entry a setting, from the same table that reads it. */
#include "service/settings.h"

#include <stdio.h>
#include <string.h>

void setting_flag_name(char out[static FLAG_SIZE], const struct setting *s, const char *prefix)
{
	struct text t = text_in(out, FLAG_SIZE);
	const char *name = s->name;

	if (prefix && !strncmp(name, prefix, strlen(prefix)))
		name += strlen(prefix);
	text_puts(&t, "--");
	for (; *name; name++)
		text_putc(&t, *name == '_' ? '-' : (char)(*name >= 'A' && *name <= 'Z' ? *name | 0x20 : *name));
}

static const char *value_of(const struct setting *s)
{
	static const struct {
		setting_parser parse;
		const char *value;
	} kinds[] = { { setting_int, " N" }, { setting_size, " SIZE" }, { setting_duration, " DURATION" },
		{ setting_port, " PORT" }, { setting_bool, "" } };

	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if (kinds[i].parse == s->parse)
			return kinds[i].value;
	return " TEXT";
}

static void put_facts(struct text *t, const struct setting *s)
{
	if (s->flags & SETTING_SECRET)
		text_printf(t, "; secret, also from %s_FILE", s->name);
	else if (s->fallback && *s->fallback)
		text_printf(t, "; default %s", s->fallback);
	if (s->flags & SETTING_REQUIRED)
		text_puts(t, "; required");
	if (s->min || s->max) {
		text_puts(t, "; ");
		setting_put_bounds(t, s);
	}
}

static void print_table(const struct setting *s, const char *prefix)
{
	char flag[FLAG_SIZE], facts[512];

	for (; s->name; s++) {
		struct text t = text_in(facts, sizeof facts);
		setting_flag_name(flag, s, prefix);
		put_facts(&t, s);
		printf("  %s%s  (%s%s)\n        %s\n", flag, value_of(s), s->name, facts, s->help ? s->help : "");
	}
}

void settings_help(const struct service *s, const struct setting *common)
{
	printf("Usage: %s [--flag VALUE]...%s%s\n\n%s\n\n", s->name, s->arguments ? " " : "",
		s->arguments ? s->arguments : "", s->summary);
	print_table(s->settings, s->prefix);
	print_table(common, NULL);
	if (settings_ops(s->settings))
		puts("  --probe healthz|readyz\n        ask the program that runs with the same OPS_ADDRESS and "
		     "OPS_PORT, and end: status 0 when it is well");
	puts("  --help\n  --version\n\nEach setting is also read from the environment variable in brackets, which a "
	     "flag "
	     "overrides.");
}
