/* identities - a list, and its file of JSON lines. */
#include "cli/simulation/identities.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LINE_SIZE = 4096 };

int identities_add(struct identities *i, const char *identifier, const char *secret)
{
	struct identity new = { 0 };

	if (strlen(identifier) >= sizeof new.identifier || strlen(secret) >= sizeof new.secret)
		return -ENAMETOOLONG;
	struct identity *items = reallocarray(i->items, i->n + 1, sizeof *items);
	if (!items)
		return -ENOMEM;
	strcpy(new.identifier, identifier);
	strcpy(new.secret, secret);
	i->items = items;
	items[i->n++] = new;
	return 0;
}

const struct identity *identities_find(const struct identities *i, const char *identifier)
{
	for (size_t k = 0; k < i->n; k++)
		if (!strcmp(i->items[k].identifier, identifier))
			return &i->items[k];
	return NULL;
}

void identities_free(struct identities *i)
{
	free(i->items);
	*i = (struct identities){ 0 };
}

static int add_line(struct identities *i, const char *text, size_t line, char *fault)
{
	json_error_t error;
	const char *identifier, *secret = "";
	json_t *object = json_loads(text, 0, &error);

	if (!object || json_unpack(object, "{s:s, s?s}", "identifier", &identifier, "secret", &secret)) {
		json_decref(object);
		snprintf(fault, IDENTITIES_FAULT_SIZE, "line %zu: not {\"identifier\": \"...\", \"secret\": \"...\"}",
			line);
		return IDENTITIES_E_MALFORMED;
	}
	int r = identities_add(i, identifier, secret);
	json_decref(object);
	if (r != -ENAMETOOLONG)
		return r;
	snprintf(fault, IDENTITIES_FAULT_SIZE, "line %zu: the identifier or the secret is too long", line);
	return IDENTITIES_E_MALFORMED;
}

int identities_read(struct identities *ret, const char *path, char fault[static IDENTITIES_FAULT_SIZE])
{
	struct identities list = { 0 };
	char line[LINE_SIZE];
	FILE *f = fopen(path, "re");
	int r = f ? 0 : -errno;

	for (size_t n = 1; r == 0 && fgets(line, sizeof line, f); n++)
		if (line[strspn(line, " \t\r\n")] != '\0')
			r = add_line(&list, line, n, fault);
	if (f && ferror(f))
		r = -EIO;
	if (f)
		fclose(f);
	if (r == 0 && list.n == 0) {
		snprintf(fault, IDENTITIES_FAULT_SIZE, "no device in this file");
		r = IDENTITIES_E_MALFORMED;
	}
	if (r)
		identities_free(&list);
	else
		*ret = list;
	return r;
}

int identities_write(const struct identities *i, const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	FILE *f = fd < 0 ? NULL : fdopen(fd, "w");
	int r = f ? 0 : -errno;

	for (size_t k = 0; r == 0 && k < i->n; k++) {
		json_t *object =
			json_pack("{s:s, s:s}", "identifier", i->items[k].identifier, "secret", i->items[k].secret);
		if (!object || json_dumpf(object, f, JSON_COMPACT) || fputc('\n', f) == EOF)
			r = -EIO;
		json_decref(object);
	}
	if (f && fclose(f) && r == 0)
		r = -EIO;
	else if (!f && fd >= 0)
		close(fd);
	return r;
}
