/* export - GET /internal/v1/export/{devices,grants,links,audit}/{user}; auth/common/export.h tells what they answer */
#pragma once

#include "web/web.h"

void export_devices_handle(struct web_request *q, void *owner);
void export_grants_handle(struct web_request *q, void *owner);
void export_links_handle(struct web_request *q, void *owner);
void export_audit_handle(struct web_request *q, void *owner);
