/*
 * metrics - series are added to, never taken away, and their numbers are atomics
 *
 * A metric's series form a list that only grows at its head: finding one that exists takes no lock, making one takes the
 * metric's. Rendering walks the same lists.
 */
#include "service/metrics.h"
#include "service/memory.h"
#include "service/process.h"

#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum kind { COUNTER, GAUGE, HISTOGRAM };

static const char *const kind_names[] = { [COUNTER] = "counter", [GAUGE] = "gauge", [HISTOGRAM] = "histogram" };

struct series {
	struct series *next;
	const struct metric *metric;
	_Atomic double value; /* of a histogram: the sum */
	_Atomic uint64_t *buckets; /* of a histogram: how many in each, the last one beyond every bound */
	char *values[]; /* of the labels */
};

struct metric {
	struct metric *next;
	enum kind kind;
	const char *name, *help;
	const char *const *labels;
	size_t labels_n;
	const double *bounds;
	size_t bounds_n;
	pthread_mutex_t lock; /* for growing */
	size_t series_n;
	_Atomic(struct series *) series;
	struct series *other; /* what counts when there is no room for more; rendered once it is in the list */
};

static _Atomic(struct metric *) metrics;

static size_t list_length(const char *const *list)
{
	size_t n = 0;

	while (list && list[n])
		n++;
	return n;
}

/* A series in one piece of memory: itself, its buckets, its label values. NULL when there is none. */
static struct series *new_series(const struct metric *m, const char *const *values)
{
	size_t buckets = m->kind == HISTOGRAM ? m->bounds_n + 1 : 0;
	size_t size = sizeof(struct series) + m->labels_n * sizeof(char *) + buckets * sizeof(uint64_t);

	for (size_t i = 0; i < m->labels_n; i++)
		size += strlen(values[i]) + 1;
	struct series *s = calloc(1, size);
	if (!s)
		return NULL;
	s->metric = m;
	s->buckets = (_Atomic uint64_t *)(s->values + m->labels_n);
	char *text = (char *)(s->buckets + buckets);
	for (size_t i = 0; i < m->labels_n; i++) {
		s->values[i] = text;
		text = stpcpy(text, values[i]) + 1;
	}
	return s;
}

static void list_series(struct metric *m, struct series *s)
{
	s->next = atomic_load(&m->series);
	atomic_store(&m->series, s);
	m->series_n++;
}

static struct series *other_series(struct metric *m)
{
	const char *values[8];

	if (m->labels_n > sizeof values / sizeof *values)
		abort(); /* a mistake in the program: so many labels are never a small fixed set */
	for (size_t i = 0; i < m->labels_n; i++)
		values[i] = "other";
	struct series *s = new_series(m, values);
	if (!s)
		abort();
	return s;
}

static struct metric *new_metric(
	enum kind kind, const char *name, const char *help, const char *const *labels, const double *bounds)
{
	struct metric *m = memory_for_life(sizeof *m);

	m->kind = kind;
	m->name = name;
	m->help = help;
	m->labels = labels;
	m->labels_n = list_length(labels);
	m->bounds = bounds;
	while (bounds && bounds[m->bounds_n] > 0)
		m->bounds_n++;
	pthread_mutex_init(&m->lock, NULL);
	m->other = other_series(m);
	if (m->labels_n == 0) /* the one series there can be; shown as 0 from the start */
		list_series(m, m->other);
	m->next = atomic_load(&metrics);
	while (!atomic_compare_exchange_weak(&metrics, &m->next, m))
		;
	return m;
}

struct metric *metric_counter(const char *name, const char *help, const char *const *labels)
{
	return new_metric(COUNTER, name, help, labels, NULL);
}

struct metric *metric_gauge(const char *name, const char *help, const char *const *labels)
{
	return new_metric(GAUGE, name, help, labels, NULL);
}

struct metric *metric_histogram(const char *name, const char *help, const char *const *labels, const double *bounds)
{
	return new_metric(HISTOGRAM, name, help, labels, bounds);
}

static struct series *find_series(const struct metric *m, const char *const *values)
{
	for (struct series *s = atomic_load(&m->series); s; s = s->next) {
		size_t i = 0;
		while (i < m->labels_n && !strcmp(s->values[i], values[i]))
			i++;
		if (i == m->labels_n)
			return s;
	}
	return NULL;
}

static struct series *make_series(struct metric *m, const char *const *values)
{
	struct series *s = NULL;

	if (m->series_n < METRIC_SERIES_MAX)
		s = new_series(m, values);
	if (!s) {
		s = m->other;
		if (find_series(m, (const char *const *)s->values))
			return s;
	}
	list_series(m, s);
	return s;
}

struct series *metric_series(struct metric *m, const char *const *values)
{
	struct series *s = find_series(m, values);

	if (s)
		return s;
	pthread_mutex_lock(&m->lock);
	s = find_series(m, values); /* made by another thread meanwhile? */
	if (!s)
		s = make_series(m, values);
	pthread_mutex_unlock(&m->lock);
	return s;
}

void series_add(struct series *s, double v)
{
	double old = atomic_load_explicit(&s->value, memory_order_relaxed);

	while (!atomic_compare_exchange_weak_explicit(
		&s->value, &old, old + v, memory_order_relaxed, memory_order_relaxed))
		;
}

void series_set(struct series *s, double v)
{
	atomic_store_explicit(&s->value, v, memory_order_relaxed);
}

void series_observe(struct series *s, double v)
{
	size_t i = 0;

	while (i < s->metric->bounds_n && !(v <= s->metric->bounds[i]))
		i++;
	atomic_fetch_add_explicit(&s->buckets[i], 1, memory_order_relaxed);
	series_add(s, v);
}

double series_value(const struct series *s)
{
	return atomic_load_explicit(&s->value, memory_order_relaxed);
}

void metric_add(struct metric *m, const char *const *values, double v)
{
	series_add(metric_series(m, values), v);
}

/* ---- text format 0.0.4 ---- */

static void put_escaped(FILE *f, const char *s, bool quotes)
{
	for (; *s; s++) {
		if (*s == '\\' || (quotes && *s == '"'))
			fputc('\\', f);
		if (*s == '\n')
			fputs("\\n", f);
		else
			fputc(*s, f);
	}
}

static void put_number(FILE *f, double v)
{
	if (isnan(v))
		fputs("NaN", f);
	else if (isinf(v))
		fputs(v > 0 ? "+Inf" : "-Inf", f);
	else
		fprintf(f, "%.*g", v == rint(v) && fabs(v) < 0x1p53 ? 16 : 10, v);
}

/* name_suffix{labels,le="bound"} - all but the value. @bound: NULL for none. */
static void put_series_name(FILE *f, const struct series *s, const char *suffix, const double *bound)
{
	const struct metric *m = s->metric;
	const char *before = "{";

	fputs(m->name, f);
	fputs(suffix, f);
	for (size_t i = 0; i < m->labels_n; i++, before = ",") {
		fprintf(f, "%s%s=\"", before, m->labels[i]);
		put_escaped(f, s->values[i], true);
		fputc('"', f);
	}
	if (bound) {
		fprintf(f, "%sle=\"", before);
		put_number(f, *bound);
		fputc('"', f);
		before = ",";
	}
	fputs(*before == ',' ? "} " : " ", f);
}

static void put_histogram(FILE *f, const struct series *s)
{
	const struct metric *m = s->metric;
	uint64_t count = 0;

	for (size_t i = 0; i <= m->bounds_n; i++) {
		double bound = i < m->bounds_n ? m->bounds[i] : INFINITY;
		count += atomic_load_explicit(&s->buckets[i], memory_order_relaxed);
		put_series_name(f, s, "_bucket", &bound);
		fprintf(f, "%llu\n", (unsigned long long)count);
	}
	put_series_name(f, s, "_sum", NULL);
	put_number(f, series_value(s));
	fputc('\n', f);
	put_series_name(f, s, "_count", NULL);
	fprintf(f, "%llu\n", (unsigned long long)count);
}

static void put_metric(FILE *f, const struct metric *m)
{
	fprintf(f, "# HELP %s ", m->name);
	put_escaped(f, m->help, false);
	fprintf(f, "\n# TYPE %s %s\n", m->name, kind_names[m->kind]);
	for (const struct series *s = atomic_load(&m->series); s; s = s->next) {
		if (m->kind == HISTOGRAM) {
			put_histogram(f, s);
			continue;
		}
		put_series_name(f, s, "", NULL);
		put_number(f, series_value(s));
		fputc('\n', f);
	}
}

char *metrics_render(size_t *ret_len)
{
	char *text = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);

	if (!f)
		return NULL;
	for (const struct metric *m = atomic_load(&metrics); m; m = m->next)
		put_metric(f, m);
	process_metrics(f);
	bool ok = !ferror(f);
	if (fclose(f) || !ok) {
		free(text);
		return NULL;
	}
	*ret_len = len;
	return text;
}
