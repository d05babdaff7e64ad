/*
 * roles - what one process of auth does: any of registration, authentication, devices
 *
 * Thread: main.
 */
#pragma once

#include "auth/common/auth.h"

enum role { ROLE_REGISTRATION = 1 << 0, ROLE_AUTHENTICATION = 1 << 1, ROLE_DEVICES = 1 << 2 };

enum { ROLES_MAX = 3, ROUTES_MAX = 80, SOURCES_MAX = 12, SHARED_PREPARES = 3 };

/* For the settings table: "registration,devices" into an unsigned, bits of enum role. */
const char *roles_setting(const char *text, void *target, int64_t min, int64_t max);

/* The routes of @roles in one table, ended as web_options wants it. */
struct role_routes {
	struct web_route routes[ROUTES_MAX];
};
void roles_routes(unsigned roles, struct role_routes *ret);

/* The same as JSON on standard output. 0 or -errno. */
MUST_CHECK int roles_print_routes(unsigned roles);

/* What upkeep is to prepare for @roles, what outbox is to publish, and what erasure is to take away; each ended. */
struct role_lists {
	upkeep_prepare prepare[ROLES_MAX + SHARED_PREPARES + 1]; /* theirs, what all share, and the end */
	const struct outbox_source *sources[SOURCES_MAX + 1];
	struct erasure_role erase[ROLES_MAX + 1]; /* of accounts that end */
};
void roles_lists(unsigned roles, struct role_lists *ret);
