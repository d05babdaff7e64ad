/* stream - from the database's cursor to the client's socket, a document at a time. */
#include "query/api/internal.h"
#include "service/metrics.h"

#include <errno.h>
#include <pthread.h>

static pthread_once_t once = PTHREAD_ONCE_INIT;
static struct metric *positions;

static void make_metrics(void)
{
	positions = metric_counter("pettrack_api_positions_total", "Positions in answers.", NULL);
}

/* What came of a page. */
struct outcome {
	int r; /* of the store: 0, or why the page cannot go on */
	bool more; /* there is a document after the page's last */
	bool gone; /* the client is */
};

static struct outcome copy(struct page *p, struct store_cursor *c, const struct stream *s, struct cursor *last)
{
	struct position_document d;
	const bson_t *doc;
	int r;

	while ((r = store_next(c, &doc)) == 0) {
		if ((int64_t)p->n == s->limit)
			return (struct outcome){ .more = true };
		if (!position_document_read(&d, doc)) /* what was asked for has a device: somebody else writes here */
			return (struct outcome){ .r = -EPROTO };
		if (!limits_show(s->limits, d.position.time_ms))
			continue;
		last->device = d.position.device;
		last->time_ms = d.position.time_ms;
		position_document_limit(&d, s->limits);
		if (!page_add(p, &d))
			return (struct outcome){ .gone = true };
	}
	return (struct outcome){ .r = r == STORE_E_MISSING ? 0 : r };
}

void api_stream(struct web_request *q, struct store_cursor *c, const struct stream *s)
{
	struct cursor next = s->next;
	struct page page;

	page_begin(&page, q, s->geojson);
	struct outcome o = copy(&page, c, s, &next);
	store_cursor_close(c);
	pthread_once(&once, make_metrics);
	metric_add(positions, NULL, (double)page.n);
	if (o.r)
		api_fail(q, "reading positions", o.r);
	else if (!o.gone)
		page_end(&page, o.more ? &next : NULL);
}
