/* ops - what whoever runs the programs asks: /metrics, /healthz, /readyz. */
#include "web/internal.h"
#include "service/health.h"
#include "service/metrics.h"

#include <stdlib.h>
#include <string.h>

static void get_metrics(struct web_request *q, void *owner)
{
	size_t len = 0;
	char *text = metrics_render(&len);

	(void)owner;
	if (text)
		web_reply_text(q, 200, "text/plain; version=0.0.4; charset=utf-8", text, len);
	else
		web_problem(q, 503, "busy", "No memory for the metrics at the moment.");
	free(text);
}

static void reply_health(struct web_request *q, bool (*check)(char *out, size_t size))
{
	char body[2048];
	bool ok = check(body, sizeof body);

	web_reply_text(q, ok ? 200 : 503, "application/json", body, strlen(body));
}

static void get_live(struct web_request *q, void *owner)
{
	(void)owner;
	reply_health(q, health_live);
}

static void get_ready(struct web_request *q, void *owner)
{
	(void)owner;
	reply_health(q, health_ready);
}

const struct web_route web_ops_routes[] = {
	{ .method = "GET", .path = "/metrics", .handle = get_metrics },
	{ .method = "GET", .path = "/healthz", .handle = get_live },
	{ .method = "GET", .path = "/readyz", .handle = get_ready },
	{ 0 },
};

int web_ops_open(struct web **ret, const char *address, uint16_t port)
{
	static const struct web_options none;
	struct web_options o = none;

	o.address = address;
	o.port = port;
	o.threads = 2;
	o.ops = true;
	return web_open(ret, &o);
}
