/* dispatch - from a request's first line and headers to whoever answers it. */
#include "web/internal.h"
#include "web/router.h"

#include <string.h>

static int count_headers(const struct mg_request_info *info, const char *name, const char **ret)
{
	int n = 0;

	for (int i = 0; i < info->num_headers; i++)
		if (!mg_strcasecmp(info->http_headers[i].name, name)) {
			*ret = info->http_headers[i].value;
			n++;
		}
	return n;
}

/* How long the body is must be beyond doubt, or a part of it could pass for the next request. */
static bool read_framing(struct web_request *q)
{
	const char *value = NULL;
	int lengths = count_headers(q->info, "Content-Length", &value);
	const char *unused;

	if (q->info->num_headers >= MG_MAX_HEADERS) { /* civetweb drops what is beyond without a word */
		q->close = true;
		web_problem(q, 431, "header_too_large", "Send fewer headers than %d.", MG_MAX_HEADERS);
		return false;
	}
	if (count_headers(q->info, "Transfer-Encoding", &unused)) {
		q->close = true;
		web_problem(q, 411, "length_required", "Send the body with Content-Length, not in chunks.");
		return false;
	}
	if (lengths == 0)
		return true;
	if (lengths > 1 || strspn(value, "0123456789") != strlen(value) ||
		text_to_int(&q->body_len, value, strlen(value))) {
		q->body_len = 0;
		q->close = true;
		web_problem(q, 400, "bad_request", "Content-Length is not one number.");
		return false;
	}
	return true;
}

static bool check_split(struct web_request *q, int r)
{
	if (r == PATH_E_TOO_LONG)
		web_problem(q, 414, "uri_too_long", "The address is too long.");
	else if (r)
		web_problem(q, 400, "bad_request", "The address has a broken escape.");
	return r == 0;
}

/* "lib/leaflet.js" of the path's segments; false where no file can be called so. */
static bool file_name(const struct path *path, char *out, size_t size)
{
	struct text t = text_in(out, size);

	for (size_t i = 0; i < path->n; i++) {
		if (strchr(path->segments[i], '/'))
			return false;
		text_puts(&t, i ? "/" : "");
		text_puts(&t, path->segments[i]);
	}
	if (t.len == 0)
		text_puts(&t, "index.html");
	return text_ok(&t);
}

static const struct file *find_file(const struct web_request *q)
{
	char name[PATH_SIZE];

	return q->web->files && file_name(&q->path, name, sizeof name) ? files_find(q->web->files, name) : NULL;
}

static void reply_file(struct web_request *q, const struct file *f)
{
	const char *known = web_header(q, "If-None-Match");

	web_add_header(q, "ETag", f->etag);
	web_add_header(
		q, "Cache-Control", "no-cache"); /* kept, but asked about each time: names do not change with content */
	if (q->web->o.files_policy)
		web_add_header(q, "Content-Security-Policy", q->web->o.files_policy);
	if (known && files_etag_listed(known, f->etag))
		web_reply_text(q, 304, NULL, NULL, 0);
	else
		web_reply_text(q, 200, f->type, f->bytes, f->len);
}

static void run_route(struct web_request *q, const struct web_route *route)
{
	q->route = route;
	q->label = route->path;
	if (access_allows(q))
		route->handle(q, q->web->o.owner);
	answer_finish(q);
}

/* No route takes this method: OPTIONS, another method, or nothing is there. */
static void answer_without_route(struct web_request *q, const struct file *file)
{
	char methods[128];
	struct text list = text_in(methods, sizeof methods);
	bool known = route_methods(&list, q->web->o.routes, &q->path);

	if (q->web->o.ops)
		known = route_methods(&list, web_ops_routes, &q->path) || known;
	if (!known && file)
		text_puts(&list, "GET, HEAD");
	if (!known && !file) {
		web_problem(q, 404, "not_found", "There is nothing at this address.");
	} else if (!strcmp(q->method, "OPTIONS")) {
		access_answer_options(q, methods);
	} else {
		web_add_header(q, "Allow", methods);
		web_problem(q, 405, "method_not_allowed", "This address takes %s.", methods);
	}
}

static void route_or_file(struct web_request *q)
{
	const struct web_route *route = route_find(q->web->o.routes, q->method, &q->path);
	bool reads = !strcmp(q->method, "GET") || !strcmp(q->method, "HEAD");

	if (!route && q->web->o.ops)
		route = route_find(web_ops_routes, q->method, &q->path);
	if (route) {
		run_route(q, route);
		return;
	}
	const struct file *file = find_file(q);
	if (file)
		q->label = "static";
	if (file && reads)
		reply_file(q, file);
	else
		answer_without_route(q, file);
}

void dispatch(struct web_request *q)
{
	if (read_framing(q) && check_split(q, path_split(&q->path, q->info->local_uri_raw)) &&
		check_split(q, query_split(&q->query, q->info->query_string)))
		route_or_file(q);
}
