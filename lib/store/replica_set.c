/* replica_set - hello, replSetInitiate, replSetReconfig; over a connection to the one node, whatever its state. */
#include "store/replica_set.h"
#include "base/text.h"
#include "store/internal.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { TIMEOUT_MS = 5000, TEXT_SIZE = 256, URI_SIZE = 4096 };

enum { NOT_YET_INITIALIZED = 94 }; /* the server's code */

static const char default_name[] = "rs0";

struct node {
	mongoc_client_t *client;
	const char *name; /* of the set */
	const char *member;
	bool rename; /* a lone member of another address gets this one */
};

/* ---- reading documents ---- */

static bool find(bson_iter_t *ret, const bson_t *document, const char *path)
{
	bson_iter_t i;

	return bson_iter_init(&i, document) && bson_iter_find_descendant(&i, path, ret);
}

static bool document_at(bson_t *ret, const bson_t *document, const char *path)
{
	bson_iter_t i;
	const uint8_t *bytes;
	uint32_t len;

	if (!find(&i, document, path) || !BSON_ITER_HOLDS_DOCUMENT(&i))
		return false;
	bson_iter_document(&i, &len, &bytes);
	return bson_init_static(ret, bytes, len);
}

static const char *text_at(const bson_t *document, const char *path)
{
	bson_iter_t i;

	return find(&i, document, path) && BSON_ITER_HOLDS_UTF8(&i) ? bson_iter_utf8(&i, NULL) : NULL;
}

static int64_t number_at(const bson_t *document, const char *path)
{
	bson_iter_t i;

	return find(&i, document, path) ? bson_iter_as_int64(&i) : 0;
}

/* ---- what the node is told ---- */

/* Sends @command, which it destroys. *ret_reply is to be destroyed whatever comes of it. */
static bool tell(struct node *n, bson_t *command, bson_t *ret_reply, bson_error_t *error)
{
	bool ok = mongoc_client_command_simple(n->client, "admin", command, NULL, ret_reply, error);

	bson_destroy(command);
	return ok;
}

/* What the server objects to may pass by itself: a name that does not resolve yet, a node that is still starting. */
static int objection(const bson_error_t *error)
{
	int r = store_fail(error);

	return r == -EPERM || r == -EACCES ? r : STORE_E_RETRY;
}

/* The same, to a configuration that has this node's address in it; the server's text may leave out which. */
static int objection_to_member(const struct node *n, const bson_error_t *error)
{
	char text[TEXT_SIZE];
	int r = objection(error);

	snprintf(text, sizeof text, "as %s: %s", n->member, store_last_error());
	return store_fail_as(r, text);
}

static int initiate(struct node *n, enum replica_set_step *ret)
{
	bson_t *command = BCON_NEW("replSetInitiate", "{", "_id", BCON_UTF8(n->name), "members", "[", "{", "_id",
		BCON_INT32(0), "host", BCON_UTF8(n->member), "}", "]", "}");
	bson_error_t error;
	bson_t reply;
	bool ok = tell(n, command, &reply, &error);

	if (ok)
		*ret = REPLICA_SET_MADE;
	bson_destroy(&reply);
	return ok ? 0 : objection_to_member(n, &error);
}

/* @config with this node's address. By force, since a node that does not find itself in there is no primary. */
static bson_t *renaming(const struct node *n, const bson_t *config)
{
	bson_t *command = bson_new(), changed, members, member;

	BSON_APPEND_DOCUMENT_BEGIN(command, "replSetReconfig", &changed);
	bson_copy_to_excluding_noinit(config, &changed, "version", "members", NULL);
	BSON_APPEND_INT64(&changed, "version", number_at(config, "version") + 1);
	BSON_APPEND_ARRAY_BEGIN(&changed, "members", &members);
	BSON_APPEND_DOCUMENT_BEGIN(&members, "0", &member);
	BSON_APPEND_INT64(&member, "_id", number_at(config, "members.0._id"));
	BSON_APPEND_UTF8(&member, "host", n->member);
	bson_append_document_end(&members, &member);
	bson_append_array_end(&changed, &members);
	bson_append_document_end(command, &changed);
	BSON_APPEND_BOOL(command, "force", true);
	return command;
}

static int rename_member(struct node *n, const bson_t *config, enum replica_set_step *ret)
{
	bson_error_t error;
	bson_t reply;
	bool ok = tell(n, renaming(n, config), &reply, &error);

	if (ok)
		*ret = REPLICA_SET_RENAMED;
	bson_destroy(&reply);
	return ok ? 0 : objection_to_member(n, &error);
}

static bool alone_under_another_address(const struct node *n, const bson_t *config)
{
	const char *host = text_at(config, "members.0.host");

	return host && !text_at(config, "members.1.host") && strcmp(host, n->member) != 0;
}

/* ---- what the node says ---- */

/* Acts on the configuration that the node has stored, or on its having none. */
static int settle(struct node *n, bool primary, enum replica_set_step *ret)
{
	bson_error_t error;
	bson_t reply, config;
	int r;

	bool ok = tell(n, BCON_NEW("replSetGetConfig", BCON_INT32(1)), &reply, &error);
	if (!ok && error.domain == MONGOC_ERROR_SERVER && error.code == NOT_YET_INITIALIZED) {
		r = initiate(n, ret);
	} else if (!ok) {
		r = objection(&error);
	} else if (!document_at(&config, &reply, "config")) {
		r = store_fail_as(-EPROTO, "its answer holds no configuration");
	} else if (n->rename && alone_under_another_address(n, &config)) {
		r = rename_member(n, &config, ret);
	} else if (!primary) {
		r = store_fail_as(STORE_E_RETRY, "it has no primary yet");
	} else {
		*ret = REPLICA_SET_READY;
		r = 0;
	}
	bson_destroy(&reply);
	return r;
}

static int look(struct node *n, const bson_t *hello, enum replica_set_step *ret)
{
	const char *set = text_at(hello, "setName");
	char text[TEXT_SIZE];

	if (!set && !number_at(hello, "isreplicaset"))
		return store_fail_as(-ENOTSUP, "it was not started with --replSet");
	if (!set || !strcmp(set, n->name))
		return settle(n, text_at(hello, "primary") != NULL, ret);
	snprintf(text, sizeof text, "it belongs to the replica set '%s', and '%s' is wanted", set, n->name);
	return store_fail_as(-EEXIST, text);
}

static int ask(struct node *n, enum replica_set_step *ret)
{
	bson_error_t error;
	bson_t hello;
	bool ok = tell(n, BCON_NEW("hello", BCON_INT32(1)), &hello, &error);
	int r = ok ? look(n, &hello, ret) : store_fail(&error);

	bson_destroy(&hello);
	return r;
}

/* ---- a connection to the node itself ---- */

/* Options that make of one node a set, or not. */
static bool is_about_sets(const char *option, size_t n)
{
	static const char *const names[] = { "replicaSet=", "directConnection=" };

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (n >= strlen(names[i]) && !strncasecmp(option, names[i], strlen(names[i])))
			return true;
	return false;
}

/* @uri with its first host alone, asked directly. */
static void put_direct(struct text *out, const char *uri)
{
	const char *authority = strstr(uri, "://") + 3;
	size_t n = strcspn(authority, "/?");
	const char *path = authority + n, *user = memrchr(authority, '@', n);
	const char *host = user ? user + 1 : authority;
	const char *options = path + strcspn(path, "?");

	text_put(out, uri, (size_t)(host - uri) + strcspn(host, ",/?"));
	text_put(out, path, (size_t)(options - path));
	if (options == path)
		text_putc(out, '/');
	text_puts(out, "?directConnection=true");
	while (*options) {
		size_t len = strcspn(++options, "&");
		if (len && !is_about_sets(options, len)) {
			text_putc(out, '&');
			text_put(out, options, len);
		}
		options += len;
	}
}

static bool default_timeout(mongoc_uri_t *uri, const char *option, int64_t ms)
{
	return mongoc_uri_has_option(uri, option) || mongoc_uri_set_option_as_int32(uri, option, (int32_t)ms);
}

static mongoc_client_t *connect_to(const struct replica_set_options *o)
{
	char text[URI_SIZE];
	struct text t = text_in(text, sizeof text);
	int64_t ms = o->timeout_ms > 0 ? o->timeout_ms : TIMEOUT_MS;
	mongoc_client_t *client = NULL;

	put_direct(&t, o->uri);
	mongoc_uri_t *uri = text_ok(&t) ? mongoc_uri_new(text) : NULL;
	if (uri && default_timeout(uri, MONGOC_URI_SERVERSELECTIONTIMEOUTMS, ms) &&
		default_timeout(uri, MONGOC_URI_CONNECTTIMEOUTMS, ms) &&
		default_timeout(uri, MONGOC_URI_SOCKETTIMEOUTMS, ms))
		client = mongoc_client_new_from_uri(uri);
	if (client)
		mongoc_client_set_error_api(client, MONGOC_ERROR_API_VERSION_2);
	mongoc_uri_destroy(uri);
	explicit_bzero(text, sizeof text);
	return client;
}

static int step(const struct replica_set_options *o, const mongoc_uri_t *uri, enum replica_set_step *ret)
{
	const char *name = mongoc_uri_get_replica_set(uri);
	struct node n = {
		.name = name ? name : default_name,
		.member = o->member ? o->member : mongoc_uri_get_hosts(uri)->host_and_port,
		.rename = o->member != NULL,
		.client = connect_to(o),
	};

	if (!n.client)
		return store_fail_as(-EINVAL, "not a MongoDB URI of one host");
	int r = ask(&n, ret);
	mongoc_client_destroy(n.client);
	return r;
}

int replica_set_step(const struct replica_set_options *o, enum replica_set_step *ret)
{
	bson_error_t error;

	store_library();
	mongoc_uri_t *uri = mongoc_uri_new_with_error(o->uri, &error);
	/* The library's own text may quote the URI, password included. */
	int r = uri && mongoc_uri_get_hosts(uri) ? step(o, uri, ret)
						 : store_fail_as(-EINVAL, "not a MongoDB URI of hosts");
	mongoc_uri_destroy(uri);
	return r;
}
