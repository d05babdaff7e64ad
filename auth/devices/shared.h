/*
 * shared - grants, and the devices they are about, as people are shown them
 *
 * Thread: any.
 */
#pragma once

#include "auth/devices/internal.h"
#include "auth/devices/rights.h"

/* @grants (an array of what grant_json() has) with what they stand for in place of ids: "device" {"id","name","pet_name"},
 * "owner" {"email","name"}. Those whose device or owner has gone are left out. *ret is the caller's. 0, STORE_E_RETRY or
 * negative. */
MUST_CHECK int grants_resolve(struct store *s, const json_t *grants, json_t **ret);

/* The devices of @grants, in their order, as the grantee sees them: {"id","name","pet","created","rights","owner"}, and
 * "rights" manage: "rules". The same. */
MUST_CHECK int shared_devices(struct store *s, const json_t *grants, json_t **ret);

/* What they are called: {"id","name","pet_name","rights"}. The same. */
MUST_CHECK int shared_names(struct store *s, const json_t *grants, json_t **ret);

/* One of the devices, by @p, which is a grantee's: the object is the caller's. 0, STORE_E_MISSING, STORE_E_RETRY or negative. */
MUST_CHECK int shared_device(struct store *s, const struct permission *p, json_t **ret);
