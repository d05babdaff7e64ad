/* errors - codes of servers and of libmongoc, sorted by what the caller can do about them. */
#include "store/errors.h"
#include "store/store.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { TEXT_SIZE = 256 };

static _Thread_local char last_error[TEXT_SIZE];

struct meaning {
	int64_t code;
	int r;
};

/* The server's codes (its error_codes.yml). What is not here is fatal for a call, and poison for a document. */
static const struct meaning server_codes[] = {
	/* the node, the network or the election: the same call may succeed later */
	{ 6, STORE_E_RETRY }, /* HostUnreachable */
	{ 7, STORE_E_RETRY }, /* HostNotFound */
	{ 24, STORE_E_RETRY }, /* LockTimeout */
	{ 43, STORE_E_RETRY }, /* CursorNotFound: the server that had it is gone, or has restarted */
	{ 46, STORE_E_RETRY }, /* LockBusy */
	{ 50, STORE_E_RETRY }, /* MaxTimeMSExpired */
	{ 63, STORE_E_RETRY }, /* StaleShardVersion */
	{ 64, STORE_E_RETRY }, /* WriteConcernFailed */
	{ 70, STORE_E_RETRY }, /* ShardNotFound, while one is being removed */
	{ 89, STORE_E_RETRY }, /* NetworkTimeout */
	{ 91, STORE_E_RETRY }, /* ShutdownInProgress */
	{ 94, STORE_E_RETRY }, /* NotYetInitialized: the replica set is being made */
	{ 95, STORE_E_RETRY }, /* NotSecondary */
	{ 96, STORE_E_RETRY }, /* OperationFailed */
	{ 100, STORE_E_RETRY }, /* UnsatisfiableWriteConcern: too few nodes, for now */
	{ 112, STORE_E_RETRY }, /* WriteConflict */
	{ 117, STORE_E_RETRY }, /* ConflictingOperationInProgress */
	{ 133, STORE_E_RETRY }, /* FailedToSatisfyReadPreference */
	{ 134, STORE_E_RETRY }, /* ReadConcernMajorityNotAvailableYet */
	{ 150, STORE_E_RETRY }, /* StaleEpoch */
	{ 175, STORE_E_RETRY }, /* QueryPlanKilled */
	{ 189, STORE_E_RETRY }, /* PrimarySteppedDown */
	{ 202, STORE_E_RETRY }, /* NetworkInterfaceExceededTimeLimit */
	{ 215, STORE_E_RETRY }, /* DatabaseDropPending */
	{ 237, STORE_E_RETRY }, /* CursorKilled */
	{ 246, STORE_E_RETRY }, /* SnapshotUnavailable */
	{ 249, STORE_E_RETRY }, /* StaleDbVersion */
	{ 262, STORE_E_RETRY }, /* ExceededTimeLimit */
	{ 276, STORE_E_RETRY }, /* IndexBuildAborted */
	{ 365, STORE_E_RETRY }, /* TemporarilyUnavailable */
	{ 384, STORE_E_RETRY }, /* ConnectionError */
	{ 9001, STORE_E_RETRY }, /* SocketException */
	{ 10058, STORE_E_RETRY }, /* not primary, old servers */
	{ 10107, STORE_E_RETRY }, /* NotWritablePrimary */
	{ 11600, STORE_E_RETRY }, /* InterruptedAtShutdown */
	{ 11601, STORE_E_RETRY }, /* Interrupted */
	{ 11602, STORE_E_RETRY }, /* InterruptedDueToReplStateChange */
	{ 12586, STORE_E_RETRY }, /* BackgroundOperationInProgressForDatabase */
	{ 12587, STORE_E_RETRY }, /* BackgroundOperationInProgressForNamespace */
	{ 13388, STORE_E_RETRY }, /* StaleConfig */
	{ 13435, STORE_E_RETRY }, /* NotPrimaryNoSecondaryOk */
	{ 13436, STORE_E_RETRY }, /* NotPrimaryOrSecondary */
	{ 14031, STORE_E_RETRY }, /* OutOfDiskSpace: an operator can mend it, and nothing is lost until then */

	/* a fault of the server's, whatever the document */
	{ 1, STORE_E_RETRY }, /* InternalError */
	{ 8, STORE_E_RETRY }, /* UnknownError */
	{ 125, STORE_E_RETRY }, /* CommandFailed */
	{ 290, STORE_E_RETRY }, /* TransactionExceededLifetimeLimitSeconds */
	{ 303, STORE_E_RETRY }, /* ShardInvalidatedForTargeting */

	/* a unique key that exists */
	{ 11000, STORE_E_DUPLICATE }, { 11001, STORE_E_DUPLICATE }, { 12582, STORE_E_DUPLICATE },

	/* this document, for ever */
	{ 15, STORE_E_POISON }, /* Overflow: nested too deep */
	{ 22, STORE_E_POISON }, /* InvalidBSON */
	{ 28, STORE_E_POISON }, /* PathNotViable */
	{ 52, STORE_E_POISON }, /* DollarPrefixedFieldName */
	{ 53, STORE_E_POISON }, /* InvalidIdField */
	{ 55, STORE_E_POISON }, /* InvalidDBRef */
	{ 56, STORE_E_POISON }, /* EmptyFieldName */
	{ 57, STORE_E_POISON }, /* DottedFieldName */
	{ 121, STORE_E_POISON }, /* DocumentValidationFailure */
	{ 171, STORE_E_POISON }, /* CannotIndexParallelArrays */
	{ 10334, STORE_E_POISON }, /* BSONObjectTooLarge */
	{ 16755, STORE_E_POISON }, /* no valid place for a 2dsphere index */
	{ 16766, STORE_E_POISON }, /* CannotBuildIndexKeys, for a hashed or text index */
	{ 17280, STORE_E_POISON }, /* KeyTooLong */
	{ 17419, STORE_E_POISON }, /* too large after the update */
	{ 17420, STORE_E_POISON }, /* the same */

	/* who this program is, or what it may do */
	{ 11, -EACCES }, /* UserNotFound */
	{ 13, -EPERM }, /* Unauthorized */
	{ 18, -EACCES }, /* AuthenticationFailed */
	{ 8000, -EACCES }, /* AtlasError: credentials, in MongoDB's own cloud */
};

static const struct meaning *find_code(int64_t code)
{
	for (size_t i = 0; i < sizeof server_codes / sizeof *server_codes; i++)
		if (server_codes[i].code == code)
			return &server_codes[i];
	return NULL;
}

/* libmongoc gives every failure of the log-in conversation this one code, a socket that closed half way included. */
static int authentication_meaning(const char *message)
{
	static const char *const denials[] = { "Authentication failed", "auth failed", "Could not find user" };

	for (size_t i = 0; i < sizeof denials / sizeof *denials; i++)
		if (strcasestr(message, denials[i]))
			return -EACCES;
	return STORE_E_RETRY;
}

static int client_meaning(const bson_error_t *e)
{
	switch (e->code) {
	case MONGOC_ERROR_CLIENT_AUTHENTICATE:
		return authentication_meaning(e->message);
	case MONGOC_ERROR_CLIENT_NOT_READY:
	case MONGOC_ERROR_CLIENT_NO_ACCEPTABLE_PEER:
	case MONGOC_ERROR_CLIENT_SESSION_FAILURE: /* no server to ask for one */
		return STORE_E_RETRY;
	case MONGOC_ERROR_CLIENT_TOO_BIG:
		return STORE_E_POISON;
	default:
		return -EPROTO;
	}
}

int store_meaning(const bson_error_t *e)
{
	const struct meaning *m;

	switch (e->domain) {
	case MONGOC_ERROR_STREAM:
	case MONGOC_ERROR_WRITE_CONCERN: /* written, but not yet by a majority */
		return STORE_E_RETRY;
	case MONGOC_ERROR_SERVER_SELECTION:
		return e->code == MONGOC_ERROR_SERVER_SELECTION_BAD_WIRE_VERSION ? -EPROTO : STORE_E_RETRY;
	case MONGOC_ERROR_PROTOCOL:
		return e->code == MONGOC_ERROR_PROTOCOL_INVALID_REPLY ? STORE_E_RETRY : -EPROTO;
	case MONGOC_ERROR_CLIENT:
		return client_meaning(e);
	case MONGOC_ERROR_BSON:
		return STORE_E_POISON;
	case MONGOC_ERROR_SERVER:
		m = find_code(e->code);
		return m ? m->r : -EPROTO;
	case MONGOC_ERROR_COMMAND:
		return e->code == MONGOC_ERROR_COMMAND_INVALID_ARG ? -EINVAL : -EPROTO;
	default:
		return -EPROTO;
	}
}

int store_document_meaning(int64_t code)
{
	const struct meaning *m = find_code(code);

	/* One that nobody knows is taken to be about the document: it goes to the dead letters, where it is kept, and
	 * does not stop those behind it. */
	return m ? m->r : STORE_E_POISON;
}

static bool has_write_concern_error(const bson_t *reply)
{
	bson_iter_t i, inner;

	if (!reply)
		return false;
	if (bson_iter_init_find(&i, reply, "writeConcernErrors"))
		return bson_iter_recurse(&i, &inner) && bson_iter_next(&inner);
	return bson_iter_init_find(&i, reply, "writeConcernError");
}

int store_outcome(bool ok, const bson_t *reply, const bson_error_t *error)
{
	if (has_write_concern_error(reply))
		return store_fail_as(STORE_E_RETRY, "not yet written by a majority");
	return ok ? 0 : store_fail(error);
}

int64_t store_reply_count(const bson_t *reply, const char *name)
{
	bson_iter_t i;

	return bson_iter_init_find(&i, reply, name) ? bson_iter_as_int64(&i) : 0;
}

/* Servers quote documents in braces: "E11000 ... dup key: { email: ...}", "Can't extract geo keys: {...". */
const char *store_redact(char *out, size_t size, const char *message)
{
	size_t n = strcspn(message, "{");

	while (n > 0 && (message[n - 1] == ' ' || message[n - 1] == ':'))
		n--;
	if (n >= size)
		n = size - 1;
	memcpy(out, message, n);
	out[n] = '\0';
	return out;
}

int store_fail(const bson_error_t *error)
{
	store_redact(last_error, sizeof last_error, error->message);
	return store_meaning(error);
}

void store_remember(const char *text)
{
	snprintf(last_error, sizeof last_error, "%s", text);
}

int store_fail_as(int r, const char *text)
{
	store_remember(text);
	return r;
}

const char *store_last_error(void)
{
	return last_error;
}
