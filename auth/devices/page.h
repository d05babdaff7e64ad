/*
 * page - lists that are read page by page, in the order in which things were created
 *
 * What is listed has _id: UUID and created: Date, and an index that ends in both.
 * Thread: any.
 */
#pragma once

#include "auth/devices/device.h"
#include "auth/devices/internal.h"

/* What a request asks for. */
struct page {
	int64_t limit;
	bool after_any; /* else from the beginning */
	struct device_cursor after;
};

/* Reads "limit" and "cursor", or answers what is wrong with them and returns false. */
bool page_read(struct web_request *q, struct page *ret);

struct page_found {
	json_t *list;
	bool more; /* after @next */
	char next[CURSOR_SIZE];
};

/* The page @p of what @filter finds, each as @show has it; @ret's list is the caller's. 0, STORE_E_RETRY or negative. */
MUST_CHECK int page_find(struct store *s, const char *collection, const bson_t *filter, const struct page *p,
	document_shower show, struct page_found *ret);

/* Answers {@name: list, "next"}. The list is stolen. */
void page_answer(struct web_request *q, const char *name, const struct page_found *found);
