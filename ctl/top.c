/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * hopctl top: all daemons of the configuration are asked each second, and what
 * they say is one picture, on a terminal or once as text. One loop: answers,
 * keys, the clock and signals are its events.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "ctl/call.h"
#include "ctl/ctl.h"
#include "ctl/near.h"
#include "ctl/readable.h"
#include "ctl/top/farm.h"
#include "ctl/top/picture.h"
#include "ctl/top/screen.h"
#include "ctl/top/watch.h"
#include "lib/mem.h"

#define FILTER_MAX 64
#define SIGNALS    7

struct top {
	struct ctl *c;
	const struct world *w;
	struct event_base *base;
	struct watch *watch;
	struct event *tick, *keys, *signals[SIGNALS];
	enum farm_sort sort;
	char filter[FILTER_MAX];
	bool typing, live;
	size_t first, room; /* of the servers */
	unsigned asked;     /* ticks */
	int status;
};

/* What stands on the terminal or goes to the output. */
static void
print(struct top *t, FILE *out)
{
	size_t n = watch_count(t->watch), i;
	struct watch_one *one = mem_array(n, sizeof(*one));
	char when[READABLE_TEXT];
	struct picture p = {.colour = t->live && getenv("NO_COLOR") == NULL,
	    .keys = t->live,
	    .first = t->first,
	    .sort = farm_sort_text(t->sort),
	    .filter = t->filter[0] != '\0' ? t->filter : NULL,
	    .typing = t->typing,
	    .when = readable_time((int64_t)time(NULL), when, sizeof(when)),
	    .conf = t->c->conf_file,
	    .hash = t->w->hash};
	struct farm *f;

	for (i = 0; i < n; i++)
		watch_at(t->watch, i, &one[i]);
	if (t->live)
		screen_size(&p.columns, &p.lines);
	f = farm_new(t->w, one, n);
	if (p.filter != NULL)
		farm_filter(f, p.filter);
	farm_sort(f, t->sort);
	if (t->first >= f->nservers)
		p.first = t->first = f->nservers > 0 ? f->nservers - 1 : 0;
	t->room = picture_print(&p, f, out);
	farm_free(&f);
	free(one);
}

static void
end(struct top *t, int status)
{
	t->status = status;
	(void)event_base_loopbreak(t->base);
}

static void
draw(struct top *t)
{
	char *text = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);

	if (f == NULL)
		abort(); /* no memory */
	print(t, f);
	(void)fclose(f);
	if (screen_show(text, len) < 0)
		end(t, CTL_FAILED);
	free(text);
}

/* Once: when all who can be reached have answered twice. */
static void
on_change(void *arg)
{
	struct top *t = arg;

	if (t->watch == NULL || !watch_is_settled(t->watch))
		return;
	if (t->live)
		draw(t);
	else if (t->asked >= 3)
		end(t, CTL_OK);
}

static void
on_tick(evutil_socket_t fd, short what, void *arg)
{
	const struct timeval second = {1, 0};
	struct top *t = arg;

	(void)fd;
	(void)what;
	(void)event_add(t->tick, &second);
	t->asked++;
	/* Who is late is shown as it was. */
	if (t->live && !watch_is_settled(t->watch))
		draw(t);
	if (!t->live && t->asked > 4)
		end(t, CTL_OK);
	watch_ask(t->watch);
	if (t->live && t->asked == 1)
		draw(t);
}

static void
type(struct top *t, unsigned char key)
{
	size_t n = strlen(t->filter);

	if (key == '\n' || key == '\r')
		t->typing = false;
	else if (key == 27) {
		t->typing = false;
		t->filter[0] = '\0';
	} else if ((key == 127 || key == 8) && n > 0)
		t->filter[n - 1] = '\0';
	else if (key >= 32 && key < 127 && n + 1 < FILTER_MAX) {
		t->filter[n] = (char)key;
		t->filter[n + 1] = '\0';
	}
	t->first = 0;
}

static void
scroll(struct top *t, long lines)
{
	if (lines < 0 && (size_t)-lines > t->first)
		t->first = 0;
	else
		t->first += (size_t)lines;
}

static void
on_key(struct top *t, unsigned char key)
{
	switch (key) {
	case 'q':
		end(t, CTL_OK);
		break;
	case 's':
		t->sort = (t->sort + 1) % FARM_SORTS;
		break;
	case '/':
		t->typing = true;
		break;
	case 'j':
	case 'B': /* of an arrow */
		scroll(t, 1);
		break;
	case 'k':
	case 'A':
		scroll(t, -1);
		break;
	case ' ':
		scroll(t, (long)t->room);
		break;
	case 'b':
		scroll(t, -(long)t->room);
		break;
	case 27:
		t->filter[0] = '\0';
		break;
	default:
		break;
	}
}

/* Arrows come as ESC [ A in one read; ESC alone is the key. */
static void
on_keys(evutil_socket_t fd, short what, void *arg)
{
	unsigned char key[64];
	struct top *t = arg;
	ssize_t n = read((int)fd, key, sizeof(key)), i;

	(void)what;
	if (n <= 0) {
		if (n == 0 || (errno != EINTR && errno != EAGAIN))
			end(t, CTL_OK); /* the terminal is gone */
		return;
	}
	for (i = 0; i < n; i++) {
		if (key[i] == 27 && i + 2 < n && key[i + 1] == '[')
			i += 2;
		if (t->typing)
			type(t, key[i]);
		else
			on_key(t, key[i]);
	}
	draw(t);
}

static void
on_signal(evutil_socket_t number, short what, void *arg)
{
	struct top *t = arg;

	(void)what;
	if (number == SIGWINCH) {
		draw(t);
	} else if (number == SIGTSTP) {
		screen_end();
		(void)raise(SIGSTOP);
		if (screen_begin() == 0)
			draw(t);
		else
			end(t, CTL_FAILED);
	} else {
		end(t, number == SIGINT ? CTL_OK : CTL_FAILED);
	}
}

static void
watch_signals(struct top *t)
{
	static const int numbers[SIGNALS] = {
	    SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGWINCH, SIGTSTP, SIGPIPE};
	size_t i;

	for (i = 0; i < SIGNALS; i++) {
		t->signals[i] = evsignal_new(t->base, numbers[i], on_signal, t);
		(void)event_add(t->signals[i], NULL);
	}
}

static void
fini(struct top *t)
{
	size_t i;

	for (i = 0; i < SIGNALS; i++)
		if (t->signals[i] != NULL)
			event_free(t->signals[i]);
	if (t->keys != NULL)
		event_free(t->keys);
	event_free(t->tick);
	watch_free(&t->watch);
	event_base_free(t->base);
}

static void
run(struct top *t, const struct target *targets, size_t n)
{
	const struct timeval soon = {0, 100000};

	t->base = event_base_new();
	if (t->base == NULL)
		abort(); /* no memory */
	t->watch = watch_new(t->c, t->w, t->base, targets, n, on_change, t);
	t->tick = event_new(t->base, -1, 0, on_tick, t);
	(void)event_add(t->tick, &soon); /* time to connect */
	t->live = !t->c->once && t->c->out == stdout && screen_begin() == 0;
	if (t->live) {
		watch_signals(t);
		t->keys = event_new(
		    t->base, STDIN_FILENO, EV_READ | EV_PERSIST, on_keys, t);
		(void)event_add(t->keys, NULL);
	}
	(void)event_base_dispatch(t->base);
	screen_end();
	if (!t->live) {
		print(t, t->c->out);
		fputc('\n', t->c->out);
	}
	fini(t);
}

static const char *
target_id(const void *arg, size_t i)
{
	return ((const struct target *)arg)[i].id;
}

/* Keep the one of --daemon; its number, or 0 after a complaint. */
static size_t
choose(const struct ctl *c, struct target *t, size_t n)
{
	size_t i;

	if (n == 0)
		(void)ctl_failed(c, "%s has no manager, director or front end",
		    c->conf_file);
	if (c->daemon == NULL || n == 0)
		return n;
	for (i = 0; i < n; i++) {
		if (strcmp(t[i].id, c->daemon) != 0)
			continue;
		t[0] = t[i];
		return 1;
	}
	fprintf(c->err, "hopctl top: no daemon \"%s\" in %s", c->daemon,
	    c->conf_file);
	near_names(c->err, c->daemon, target_id, t, n);
	fputc('\n', c->err);
	return 0;
}

int
top_run(struct ctl *c, int argc, char **argv)
{
	struct top t = {.c = c, .status = CTL_OK};
	struct target *targets;
	struct world *w;
	size_t n;

	if (argc > 0)
		return ctl_usage(c, "\"%s\": no arguments here", argv[0]);
	if (c->sort != NULL && farm_sort_parse(c->sort, &t.sort) < 0)
		return ctl_usage(c,
		    "--sort \"%s\": server, state, load, conns or drawn",
		    c->sort);
	if (c->filter != NULL)
		(void)snprintf(t.filter, sizeof(t.filter), "%s", c->filter);
	w = ctl_load(c);
	if (w == NULL)
		return CTL_FAILED;
	t.w = w;
	n = call_targets(w, &targets);
	n = choose(c, targets, n);
	if (n > 0)
		run(&t, targets, n);
	else
		t.status = CTL_FAILED;
	free(targets);
	world_free(&w);
	return t.status;
}
