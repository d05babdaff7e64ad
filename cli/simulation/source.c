/* source - tracks and animals, and the times between the two clocks. */
#include "cli/simulation/source.h"

void source_of_track(struct source *s, const struct source_clock *c, const struct track *t)
{
	*s = (struct source){ .track = t, .origin_ms = t->fixes[0].time_ms };
	if (c->times == TIMES_PAST)
		s->shift_ms = c->real_ms - t->fixes[t->n - 1].time_ms;
}

void source_of_animal(struct source *s, const struct animal_options *o, int64_t end_ms)
{
	*s = (struct source){ .end_ms = end_ms, .origin_ms = o->start_ms };
	animal_start(&s->animal, o);
}

static bool next_fix(struct source *s, struct position *p)
{
	if (s->track) {
		if (s->next == s->track->n)
			return false;
		*p = s->track->fixes[s->next++];
		return true;
	}
	animal_next(&s->animal, p);
	return s->end_ms == 0 || p->time_ms <= s->end_ms;
}

static int64_t step_of(const struct source_clock *c)
{
	return c->step_ms ? c->step_ms : 1;
}

/* What the stamps can say of @time_ms. At a high speed-up several fixes are due in one step. */
static int64_t stamp(const struct source *s, const struct source_clock *c, int64_t time_ms)
{
	int64_t whole_ms = time_ms - time_ms % step_of(c);

	return c->times == TIMES_LIVE && whole_ms <= s->stamped_ms ? s->stamped_ms + step_of(c) : whole_ms;
}

static bool next_stamped(struct source *s, const struct source_clock *c, struct position *ret, int64_t *ret_due_ms)
{
	struct position p;

	if (!next_fix(s, &p))
		return false;
	int64_t due = c->speed_up > 0 ? (int64_t)((double)(p.time_ms - s->origin_ms) / c->speed_up) : 0;
	p.time_ms = stamp(s, c, c->times == TIMES_LIVE ? c->real_ms + due : p.time_ms + s->shift_ms);
	*ret = p;
	*ret_due_ms = due;
	return true;
}

static bool is_known(const struct source *s, int64_t stamp_ms)
{
	return s->skip_last_ms != 0 && stamp_ms >= s->skip_first_ms && stamp_ms <= s->skip_last_ms;
}

bool source_next(struct source *s, const struct source_clock *c, struct position *ret, int64_t *ret_due_ms)
{
	while (next_stamped(s, c, ret, ret_due_ms)) {
		bool twice = c->step_ms && ret->time_ms == s->stamped_ms;
		s->stamped_ms = ret->time_ms;
		if (!twice && !is_known(s, ret->time_ms))
			return true;
	}
	return false;
}

void source_skip(struct source *s, int64_t first_ms, int64_t last_ms)
{
	s->skip_first_ms = first_ms;
	s->skip_last_ms = last_ms;
}

bool source_has_next(const struct source *s, const struct source_clock *c)
{
	struct source ahead = *s;
	struct position p;
	int64_t due_ms;

	return source_next(&ahead, c, &p, &due_ms);
}
