/*
 * outbox - changes that others must hear of, out of MongoDB into Kafka, none lost while Kafka is away
 *
 * A change and its event must be stored together or not at all. Rather than a transaction over two collections, the event
 * is part of the document that changed: { event: { id, due, claim } }. What is sent is made from the document as it then
 * is (the newest state is what a consumer needs), so several changes before a sending become one event, and there is no second
 * document that could be missing, left over or out of order.
 *
 * The publisher claims a document for CLAIM seconds (find-and-modify on due, so one replica has it), sends, and after
 * Kafka's acknowledgement takes the event away, unless the document changed meanwhile (another id): then it is due again. At least
 * once; in order per document.
 *
 * Without Kafka everything else is served, and taking this program out of service then would only lock people out: it is
 * ready, and says that Kafka is away.
 *
 * Thread: any; one publisher thread inside.
 */
#pragma once

#include "base/uuid.h"
#include "bus/topics.h"
#include "store/store.h"

struct outbox;

enum outbox_topic { OUTBOX_ACCESS, OUTBOX_DEVICES, OUTBOX_TOPICS };

enum { OUTBOX_MESSAGES_MAX = 2, OUTBOX_VALUE_MAX = 512 };

struct outbox_message {
	enum outbox_topic topic;
	struct uuid key;
	char value[OUTBOX_VALUE_MAX]; /* JSON */
};

/* What one document has to say. */
struct outbox_plan {
	struct outbox_message messages[OUTBOX_MESSAGES_MAX];
	size_t n;
	bool remove; /* the document only lives for this event: delete it afterwards, else set { announced: true } */
};

/* A collection whose documents carry events. @plan reads one (borrowed); false when it makes no sense. */
struct outbox_source {
	const char *collection;
	bool (*plan)(const bson_t *doc, struct outbox_plan *ret);
};

struct outbox_options {
	struct store *store;
	const struct bus_config *kafka; /* borrowed */
	const struct bus_topics *topics; /* borrowed */
	const struct outbox_source *const *sources; /* NULL-terminated, borrowed */
};

/* The topics it makes, without their prefix. */
extern const char *const outbox_topics[];

/* Starts the publisher. 0 or -errno. */
MUST_CHECK int outbox_open(struct outbox **ret, const struct outbox_options *o);

/* Says that a document was marked, so that it is sent now rather than within a second. Accepts NULL. */
void outbox_wake(struct outbox *o);

/* Waits a short time for what is under way and frees; what is not sent stays marked. Accepts NULL. */
void outbox_close(struct outbox *o);

/* ---- marking ---- */

/* Adds an event to a document that is to be inserted. */
MUST_CHECK int outbox_mark_new(bson_t *doc);

/* Adds an event to an update: to its $set and its $max. The due time of one that is claimed stays as it is. */
MUST_CHECK int outbox_mark_update(bson_t *set, bson_t *max);

/* The index that the publisher finds marked documents by. */
MUST_CHECK int outbox_index_ensure(struct store *s, const char *collection);
