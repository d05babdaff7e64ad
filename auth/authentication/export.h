/* export - GET /internal/v1/export/{sessions,tokens}/{user}; auth/common/export.h tells what they answer */
#pragma once

#include "web/web.h"

void export_sessions_handle(struct web_request *q, void *owner);
void export_tokens_handle(struct web_request *q, void *owner);
