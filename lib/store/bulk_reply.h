/*
 * bulk_reply - what the answer to one bulk command says about each of its documents
 *
 * Internal to lib/store. Thread: any.
 */
#pragma once

#include "store/store.h"

/* What came of @sent writes: 0 when each went through, or was refused for itself as a duplicate or as poison; else
 * STORE_E_RETRY or -errno for all of them. Of inserts, each must be accounted for. @ok and @error are libmongoc's. */
MUST_CHECK int store_bulk_judge(const bson_t *reply, bool ok, const bson_error_t *error, size_t sent, bool inserts);

/* Tells @fault of each refused document; @first is added to its index. After store_bulk_judge() gave 0. */
void store_bulk_report(const bson_t *reply, size_t first, store_bulk_fault fault, void *owner);
