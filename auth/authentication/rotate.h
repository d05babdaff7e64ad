/*
 * rotate - that the signing keys were changed by command, for those who hold copies of them
 *
 * Collection key_changes: { _id: UUID, event }: each lives until its event "keys_changed" is in Kafka (outbox).
 * Thread: any.
 */
#pragma once

#include "auth/common/outbox.h"

extern const struct outbox_source key_changes_source;

/* Its index; an upkeep_prepare. */
MUST_CHECK int key_changes_prepare(struct store *s);
