/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Two managers over real sockets, of which one reads its configuration anew.
 */
#include "manager/control.h"

#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/conf.h"
#include "tests/unit.h"

#define TURNS_MAX 3000 /* of at most 1 ms */

static struct {
	char dir[32];
	struct event_base *base;
	struct managerd a, b;
} t;

/* A world whose managers are these: "a", or "b a". */
static struct world *
make_world(const char *managers)
{
	char file[64];
	struct conf_errors errs = {0};
	struct world *w;
	FILE *f;

	(void)snprintf(file, sizeof(file), "%s/conf.xml", t.dir);
	f = fopen(file, "we");
	if (f == NULL)
		abort();
	fprintf(f, "<hopscotch xmlns='urn:hopscotch:config:1' domain='t'>"
		   "<network><site id='ny'/></network><policy id='p'/>"
		   "<server id='s1' site='ny'><alias border='ny' name='s1.t' "
		   "address='10.0.0.1'/></server>"
		   "<service id='www' host='www.t' policy='p'>"
		   "<use server='s1'/></service>");
	for (; *managers != '\0'; managers++)
		if (*managers != ' ')
			fprintf(f,
			    "<manager id='%c'><listen socket='%s/%c'/>"
			    "</manager>",
			    *managers, t.dir, *managers);
	fprintf(f, "<director id='d1'/></hopscotch>");
	(void)fclose(f);
	w = conf_load(file, CONF_SECRETS_SKIP, &errs);
	(void)unlink(file);
	if (w == NULL) {
		(void)conf_errors_log(&errs);
		abort();
	}
	conf_errors_free(&errs);
	return w;
}

static void
use_world(struct managerd *m, struct world *w, const char *id)
{
	m->daemon.world = w;
	m->world = w;
	m->self = &w->managers[daemon_find_manager(w, id)];
}

static void
start(struct managerd *m, const char *managers, const char *id)
{
	struct fleet_events none = {0};

	m->daemon.base = t.base;
	use_world(m, make_world(managers), id);
	m->fleet = fleet_new(m->world, m->self, &none, mono_now());
	m->admin = admin_new(m->world, NULL);
	m->control = control_start(m);
}

static void
stop(struct managerd *m)
{
	control_free(&m->control);
	admin_free(&m->admin);
	fleet_free(&m->fleet);
	world_free(&m->daemon.world);
}

/* As take_world() does; the world before is gone at once. */
static void
reload(struct managerd *m, const char *managers, const char *id)
{
	struct world *old = m->daemon.world, *w = make_world(managers);
	struct listeners_change *change;
	struct fleet_events none = {0};
	char why[400];

	change = control_prepare(m->control, w,
	    &w->managers[daemon_find_manager(w, id)], why, sizeof(why));
	CU_ASSERT_PTR_NOT_NULL_FATAL(change);
	use_world(m, w, id);
	fleet_free(&m->fleet);
	m->fleet = fleet_new(w, m->self, &none, mono_now());
	admin_renew(m->admin, w);
	control_renew(m->control, &change);
	world_free(&old);
}

/* What `m` says of the other manager. */
static bool
sees_other(const struct managerd *m)
{
	struct control_info x;
	size_t i;

	for (i = 0; i < control_count(m->control); i++) {
		control_info(m->control, i, &x);
		if (!x.self && x.up)
			return true;
	}
	return false;
}

static enum admin
word_of(const struct managerd *m)
{
	return admin_entry(m->admin, ADMIN_SERVER, 0)->state;
}

static bool
is_drained_at_b(void)
{
	return word_of(&t.b) == ADMIN_DRAINING;
}

static bool
is_b_meeting_a(void)
{
	return sees_other(&t.b);
}

static bool
is_a_meeting_b(void)
{
	return sees_other(&t.a);
}

static bool
has_b_lost_a(void)
{
	return !sees_other(&t.b);
}

static bool
wait_until(bool (*is)(void))
{
	const struct timeval tv = {0, 1000};
	int i;

	for (i = 0; i < TURNS_MAX && !is(); i++) {
		(void)event_base_loopexit(t.base, &tv);
		(void)event_base_dispatch(t.base);
	}
	return is();
}

static void
drain_at_a(void)
{
	struct admin_word word = {.kind = ADMIN_SERVER,
	    .entry = {.state = ADMIN_DRAINING, .when = 1000}};

	control_operator(&t.a, &word);
}

static void
begin(void)
{
	memset(&t, 0, sizeof(t));
	(void)snprintf(t.dir, sizeof(t.dir), "/tmp/hop-control-XXXXXX");
	if (mkdtemp(t.dir) == NULL)
		abort();
	t.base = event_base_new();
}

static void
end(void)
{
	stop(&t.b);
	stop(&t.a);
	event_base_free(t.base);
	(void)rmdir(t.dir);
}

static void
managers_tell_each_other_of_drains(void)
{
	begin();
	start(&t.a, "b a", "a");
	start(&t.b, "b a", "b");
	CU_ASSERT_TRUE(wait_until(is_a_meeting_b));
	drain_at_a();
	CU_ASSERT_TRUE(wait_until(is_drained_at_b));
	end();
}

/* b has the new configuration first, and calls. */
static void
a_manager_that_called_too_early_is_met_by_the_reload(void)
{
	begin();
	start(&t.a, "a", "a");
	start(&t.b, "b a", "b");
	CU_ASSERT_TRUE(wait_until(is_b_meeting_a));
	CU_ASSERT_FALSE(sees_other(&t.a));
	reload(&t.a, "a", "a");
	CU_ASSERT_FALSE(sees_other(&t.a));
	drain_at_a();
	reload(&t.a, "b a", "a");
	CU_ASSERT_TRUE(sees_other(&t.a));
	CU_ASSERT_TRUE(wait_until(is_drained_at_b));
	end();
}

/* It calls again when it is dropped: it is there when it is back in the file.
 */
static void
a_manager_that_went_and_came_back_is_met_again(void)
{
	begin();
	start(&t.a, "b a", "a");
	start(&t.b, "b a", "b");
	CU_ASSERT_TRUE(wait_until(is_a_meeting_b));
	CU_ASSERT_TRUE(wait_until(is_b_meeting_a));
	reload(&t.a, "a", "a");
	CU_ASSERT_TRUE(wait_until(has_b_lost_a));
	CU_ASSERT_TRUE(wait_until(is_b_meeting_a));
	reload(&t.a, "b a", "a");
	CU_ASSERT_TRUE(sees_other(&t.a));
	drain_at_a();
	CU_ASSERT_TRUE(wait_until(is_drained_at_b));
	end();
}

static const struct unit_test tests[] = {
    {"managers tell each other of drains", managers_tell_each_other_of_drains},
    {"a manager that called too early is met by the reload",
	a_manager_that_called_too_early_is_met_by_the_reload},
    {"a manager that went and came back is met again",
	a_manager_that_went_and_came_back_is_met_again},
};

UNIT_MAIN("manager/control", tests)
