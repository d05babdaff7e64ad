/*
 * replica_set - a mongod of one's own made a replica set of one
 *
 * Writes by majority, as store makes them, need a replica set, and a fresh mongod is none until it is told so. For
 * development and tests: a set of several nodes is made by whoever runs it.
 * Thread: any.
 */
#pragma once

#include "store/store.h"

struct replica_set_options {
	const char *uri; /* its first host is asked, directly; its replicaSet is the set's name, without it rs0 */
	const char *member; /* "host:port" by which clients reach it; NULL: as in @uri */
	int64_t timeout_ms; /* to connect, and for an answer; 0: 5 s */
};

enum replica_set_step {
	REPLICA_SET_READY, /* there is a primary */
	REPLICA_SET_MADE, /* it was none: it is now, and elects itself in a moment */
	REPLICA_SET_RENAMED, /* the one member had another address than the one given */
};

/* One look at the node and what that look calls for. Ask again until *ret is REPLICA_SET_READY. A member of another
 * address is renamed only where options.member is given and it is alone. 0 and *ret; STORE_E_RETRY: no answer, no primary
 * yet, or the member's name does not resolve yet; -ENOTSUP: it was not started with --replSet; -EEXIST: it belongs to a
 * set of another name; -EINVAL, -EACCES ... In each case store_last_error() says why. */
MUST_CHECK int replica_set_step(const struct replica_set_options *o, enum replica_set_step *ret);
