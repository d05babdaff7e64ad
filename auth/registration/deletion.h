/*
 * deletion - DELETE an account, and how far that has got
 *
 * Thread: handlers run on the server's.
 */
#pragma once

#include "web/web.h"

/* POST /v1/account/deletion {current_password, code?|recovery_code?}: 202 {"receipt","status_url"} */
void deletion_handle(struct web_request *q, void *owner);

/* GET /v1/erasures/{receipt}: the receipt's state, for whoever has it */
void erasure_get_handle(struct web_request *q, void *owner);
