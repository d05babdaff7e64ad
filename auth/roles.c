/* roles - the one table of them. A role is a folder; a new one is a row here and its opening in main.c. */
#include "auth/roles.h"
#include "auth/authentication/authentication.h"
#include "auth/common/audit.h"
#include "auth/common/mail.h"
#include "auth/devices/devices.h"
#include "auth/registration/registration.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
	const char *name;
	enum role role;
	const struct web_route *routes;
	upkeep_prepare prepare;
	const struct outbox_source *const *sources; /* NULL-terminated */
	const struct erasure_part *erase;
} table[ROLES_MAX] = {
	{ "registration", ROLE_REGISTRATION, registration_routes, registration_prepare, registration_sources,
		registration_erase },
	{ "authentication", ROLE_AUTHENTICATION, authentication_routes, authentication_prepare, authentication_sources,
		authentication_erase },
	{ "devices", ROLE_DEVICES, devices_routes, devices_prepare, devices_sources, devices_erase },
};

static unsigned role_called(const char *name, size_t len)
{
	for (size_t i = 0; i < ROLES_MAX; i++)
		if (strlen(table[i].name) == len && !memcmp(table[i].name, name, len))
			return table[i].role;
	return 0;
}

const char *roles_setting(const char *text, void *target, int64_t min, int64_t max)
{
	unsigned roles = 0;

	(void)min;
	(void)max;
	for (const char *s = text;; s++) {
		size_t n = strcspn(s, ",");
		unsigned role = role_called(s, n);
		if (!role)
			return "must be one or more of registration, authentication, devices, comma-separated";
		roles |= role;
		s += n;
		if (*s == '\0')
			break;
	}
	*(unsigned *)target = roles;
	return NULL;
}

void roles_routes(unsigned roles, struct role_routes *ret)
{
	size_t n = 0;

	memset(ret, 0, sizeof *ret);
	for (size_t i = 0; i < ROLES_MAX; i++)
		for (const struct web_route *r = table[i].routes; roles & table[i].role && r->method; r++) {
			assert(n + 1 < ROUTES_MAX);
			ret->routes[n++] = *r;
		}
}

int roles_print_routes(unsigned roles)
{
	const struct web_route *tables[ROLES_MAX];
	size_t n = 0;

	for (size_t i = 0; i < ROLES_MAX; i++)
		if (roles & table[i].role)
			tables[n++] = table[i].routes;
	char *json = web_routes_json(tables, n);
	if (!json)
		return -ENOMEM;
	bool ok = printf("%s\n", json) > 0 && fflush(stdout) == 0;
	free(json);
	return ok ? 0 : -EIO;
}

/* Two roles may change the same collection: it is published once. */
static bool is_published(const struct role_lists *l, const struct outbox_source *source)
{
	const struct outbox_source *const *s = l->sources;

	while (*s && *s != source)
		s++;
	return *s != NULL;
}

void roles_lists(unsigned roles, struct role_lists *ret)
{
	size_t prepared = 0, published = 0, erased = 0;

	memset(ret, 0, sizeof *ret);
	ret->prepare[prepared++] = audit_prepare; /* every role writes it, */
	ret->prepare[prepared++] = mail_prepare;
	ret->prepare[prepared++] = erasure_prepare; /* and has its part in every erasure */
	for (size_t i = 0; i < ROLES_MAX; i++) {
		if (!(roles & table[i].role))
			continue;
		ret->prepare[prepared++] = table[i].prepare;
		ret->erase[erased++] = (struct erasure_role){ table[i].name, table[i].erase };
		for (const struct outbox_source *const *s = table[i].sources; *s; s++) {
			if (is_published(ret, *s))
				continue;
			assert(published < SOURCES_MAX);
			ret->sources[published++] = *s;
		}
	}
}
