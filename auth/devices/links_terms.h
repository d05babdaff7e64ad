/*
 * links_terms - what a request says that a link shows, and until when
 *
 * Pure. Thread: any.
 */
#pragma once

#include "auth/common/check.h"
#include "auth/common/share_link.h"

/* Reads those of "live", "history", "from", "until", "blur", "expires" and "expires_in_s" that @body has into @t, whose others
 * stay, and checks the whole; @t->expires_ms 0: it must be given. Not longer than @age_max_ms from @now_ms. False and
 * *ret_fault when it cannot be; *@t is undefined then. */
bool link_terms_read(
	struct share_terms *t, const json_t *body, int64_t now_ms, int64_t age_max_ms, struct check_fault *ret_fault);
