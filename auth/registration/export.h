/* export - GET /internal/v1/export/{account,invitations}/{user}; auth/common/export.h tells what it answers */
#pragma once

#include "web/web.h"

void export_account_handle(struct web_request *q, void *owner);
void export_invitations_handle(struct web_request *q, void *owner);
