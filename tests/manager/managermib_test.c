/* SPDX-License-Identifier: BSD-2-Clause */
#include <string.h>

#include "manager/managermib.h"
#include "tests/manager/world.h"
#include "tests/unit.h"

static const char farm[] =
    "<policy id='p'><connections/></policy>" WORLD_SERVER("a", "ny", "1")
	WORLD_BARE("b", "la",
	    "2") "<service id='www' host='www.t' policy='p'><use server='a'/>"
		 "<use server='b'/></service>";

static struct world *w;
static struct managerd m;

static void
begin(void)
{
	static const struct fleet_events on = {.arg = NULL};
	struct mono now = {1000000000};
	struct pollers_conf none = {.base = NULL};

	memset(&m, 0, sizeof(m));
	w = make_world(farm);
	m.world = w;
	m.self = &w->managers[0];
	m.started = now;
	m.daemon.base = event_base_new();
	m.fleet = fleet_new(w, m.self, &on, now);
	m.admin = admin_new(w, NULL);
	/* Both as they are before anything has answered. */
	w->servers[0].agent.kind = AGENT_NONE;
	none.base = m.daemon.base;
	none.world = w;
	none.manager = m.self;
	m.pollers = pollers_start(&none);
	w->servers[0].agent.kind = AGENT_HOPSCOTCH;
	m.feeds =
	    feeds_start(m.daemon.base, w, m.self, m.fleet, NULL, NULL, now);
}

static void
end(void)
{
	feeds_free(&m.feeds);
	pollers_free(&m.pollers);
	admin_free(&m.admin);
	fleet_free(&m.fleet);
	event_base_free(m.daemon.base);
	world_free(&w);
}

static int
get(struct snap *s, enum mib_object o, const uint32_t *index, size_t n,
    struct snap_value *v)
{
	const struct mib_info *info = &mib_objects[o];
	uint32_t oid[16];

	memcpy(oid, info->oid, info->oid_len * sizeof(*oid));
	memcpy(oid + info->oid_len, index, n * sizeof(*oid));
	return snap_get(s, oid, info->oid_len + n, 0, v);
}

static bool
is_text(const struct snap_value *v, const char *text)
{
	return v->len == strlen(text) && memcmp(v->bytes, text, v->len) == 0;
}

static void
rows_show_what_is_known(void)
{
	static const uint32_t a[] = {1}, b[] = {2}, use[] = {1, 2};
	struct record r = {.kind = RECORD_SAMPLE};
	struct snap *s = snap_new();
	struct snap_value v;

	begin();
	r.u.sample.values.known[METRIC_CONNECTIONS] = true;
	r.u.sample.values.connections = 17;
	fleet_record(m.fleet, &r, (struct mono){2000000000});
	managermib_fill(&m, s, (struct mono){3000000000});
	snap_sort(s);
	CU_ASSERT_EQUAL(get(s, MIB_hopManagerServerName, a, 1, &v), 0);
	CU_ASSERT_TRUE(is_text(&v, "a"));
	CU_ASSERT_EQUAL(get(s, MIB_hopManagerServerConnections, a, 1, &v), 0);
	CU_ASSERT_EQUAL(v.number, 17);
	CU_ASSERT_EQUAL(get(s, MIB_hopManagerServerMetrics, a, 1, &v), 0);
	CU_ASSERT_TRUE(v.len == 1 && v.bytes[0] == 0x80);
	CU_ASSERT_EQUAL(get(s, MIB_hopManagerServerSource, a, 1, &v), 0);
	CU_ASSERT_EQUAL(v.number, 2);
	/* What is not known has no instance. */
	CU_ASSERT_EQUAL(get(s, MIB_hopManagerServerRamFree, a, 1, &v), -1);
	CU_ASSERT_EQUAL(get(s, MIB_hopManagerServerConnections, b, 1, &v), -1);
	CU_ASSERT_EQUAL(get(s, MIB_hopManagerAgentName, b, 1, &v), -1);
	CU_ASSERT_EQUAL(get(s, MIB_hopManagerLoadServer, use, 2, &v), 0);
	CU_ASSERT_TRUE(is_text(&v, "b"));
	CU_ASSERT_EQUAL(get(s, MIB_hopManagerLoadState, use, 2, &v), 0);
	CU_ASSERT_EQUAL(v.number, STATE_UNKNOWN);
	end();
	snap_free(&s);
}

static void
drains_show_who_when_and_why(void)
{
	static const uint32_t row[] = {2, 2};
	static const uint8_t when[] = {
	    0x07, 0xea, 11, 22, 19, 30, 5, 0, '+', 0, 0};
	struct admin_word word = {.kind = ADMIN_SITE, .n = 1};
	struct snap *s = snap_new();
	struct snap_value v;
	bool saved;

	begin();
	word.entry.state = ADMIN_DRAINING;
	word.entry.when = 1795375805;
	(void)snprintf(word.entry.who, sizeof(word.entry.who), "ann");
	(void)admin_take(m.admin, &word, true, &saved);
	managermib_fill(&m, s, (struct mono){3000000000});
	snap_sort(s);
	CU_ASSERT_EQUAL(get(s, MIB_hopManagerAdminState, row, 2, &v), 0);
	CU_ASSERT_EQUAL(v.number, ADMIN_DRAINING);
	CU_ASSERT_EQUAL(get(s, MIB_hopManagerAdminWho, row, 2, &v), 0);
	CU_ASSERT_TRUE(is_text(&v, "ann"));
	CU_ASSERT_EQUAL(get(s, MIB_hopManagerAdminWhen, row, 2, &v), 0);
	CU_ASSERT_TRUE(
	    v.len == sizeof(when) && memcmp(v.bytes, when, v.len) == 0);
	end();
	snap_free(&s);
}

static struct snap_value
set(uint32_t kind, uint32_t row, int64_t value, size_t *n)
{
	const struct mib_info *info = &mib_objects[MIB_hopManagerAdminState];
	struct snap_value v = {.type = MIB_INTEGER, .number = value};

	memcpy(v.oid, info->oid, info->oid_len * sizeof(*v.oid));
	v.oid[info->oid_len] = kind;
	v.oid[info->oid_len + 1] = row;
	*n = info->oid_len + 2;
	return v;
}

static void
a_set_is_an_operators_word(void)
{
	struct admin_word word;
	struct snap_value v;
	size_t n;

	begin();
	v = set(ADMIN_SERVER, 2, ADMIN_DISABLED, &n);
	CU_ASSERT_EQUAL(managermib_check_set(v.oid, n, &v), 0);
	CU_ASSERT_TRUE(managermib_word(&m, v.oid, n, &v, 77, &word));
	CU_ASSERT_EQUAL(word.kind, ADMIN_SERVER);
	CU_ASSERT_EQUAL(word.n, 1);
	CU_ASSERT_EQUAL(word.entry.state, ADMIN_DISABLED);
	CU_ASSERT_EQUAL(word.entry.when, 77);
	CU_ASSERT_STRING_EQUAL(word.entry.who, "snmp");
	end();
}

static void
a_set_of_anything_else_is_refused(void)
{
	static const int64_t values[] = {0, 4, -1};
	struct admin_word word;
	struct snap_value v;
	size_t n, i;

	begin();
	for (i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		v = set(ADMIN_SERVER, 1, values[i], &n);
		CU_ASSERT_NOT_EQUAL(managermib_check_set(v.oid, n, &v), 0);
	}
	v = set(0, 1, ADMIN_ENABLED, &n);
	CU_ASSERT_NOT_EQUAL(managermib_check_set(v.oid, n, &v), 0);
	v = set(ADMIN_KINDS, 1, ADMIN_ENABLED, &n);
	CU_ASSERT_NOT_EQUAL(managermib_check_set(v.oid, n, &v), 0);
	v = set(ADMIN_SERVER, 0, ADMIN_ENABLED, &n);
	CU_ASSERT_NOT_EQUAL(managermib_check_set(v.oid, n, &v), 0);
	v = set(ADMIN_SERVER, 1, ADMIN_ENABLED, &n);
	CU_ASSERT_NOT_EQUAL(managermib_check_set(v.oid, n - 1, &v), 0);
	v = set(ADMIN_SERVER, 3, ADMIN_ENABLED, &n); /* there are two */
	CU_ASSERT_FALSE(managermib_word(&m, v.oid, n, &v, 77, &word));
	end();
}

static const struct unit_test tests[] = {
    {"rows show what is known", rows_show_what_is_known},
    {"drains show who, when and why", drains_show_who_when_and_why},
    {"a SET is an operator's word", a_set_is_an_operators_word},
    {"a SET of anything else is refused", a_set_of_anything_else_is_refused},
};

UNIT_MAIN("manager/managermib", tests)
