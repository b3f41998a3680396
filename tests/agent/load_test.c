/* SPDX-License-Identifier: BSD-2-Clause */
/* The sampler on trees that the test writes, as the host would change them. */

#include "agent/load.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit.h"

static char dir[64];

static void
put(const char *name, const char *text)
{
	char path[128];
	FILE *f;

	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "w");
	CU_ASSERT_FATAL(f != NULL);
	fputs(text, f);
	(void)fclose(f);
}

static void
drop(const char *name)
{
	char path[128];

	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	(void)unlink(path);
}

static void
make_tree(void)
{
	char path[128];

	(void)snprintf(dir, sizeof(dir), "/tmp/hop-load-XXXXXX");
	CU_ASSERT_FATAL(mkdtemp(dir) != NULL);
	(void)snprintf(path, sizeof(path), "%s/net", dir);
	CU_ASSERT_FATAL(mkdir(path, 0700) == 0);
	put("net/snmp", "Tcp: A CurrEstab\nTcp: 1 42\n");
	put("meminfo", "MemTotal: 1000 kB\nMemAvailable: 600 kB\n"
		       "SwapTotal: 0 kB\nSwapFree: 0 kB\n");
	put("stat", "cpu 100 0 100 800\ncpu0 100 0 100 800\n");
}

static void
remove_tree(void)
{
	char path[128];

	drop("net/snmp");
	drop("meminfo");
	drop("stat");
	(void)snprintf(path, sizeof(path), "%s/net", dir);
	(void)rmdir(path);
	(void)rmdir(dir);
}

static struct load *
sampler(void)
{
	struct load_conf conf = {.procfs = dir};

	return load_new(&conf);
}

static void
a_sample_holds_all_values_of_one_moment(void)
{
	struct load *l;
	const struct load_sample *s;

	make_tree();
	l = sampler();
	s = load_last(l);
	CU_ASSERT_EQUAL(s->number, 0);
	load_take(l, (struct mono){1000});
	CU_ASSERT(s->number == 1 && s->taken.ns == 1000);
	CU_ASSERT_EQUAL(s->connections, 42);
	CU_ASSERT(s->ram_free == 600 && s->ram_total == 1000);
	CU_ASSERT_EQUAL(s->metrics,
	    1u << LOAD_CONNECTIONS | 1u << LOAD_RAM | 1u << LOAD_SWAP);
	load_free(&l);
	remove_tree();
}

static void
idle_time_is_that_since_the_sample_before(void)
{
	struct load *l;
	const struct load_sample *s;

	make_tree();
	l = sampler();
	s = load_last(l);
	load_take(l, (struct mono){1});
	CU_ASSERT((s->metrics & 1u << LOAD_CPU) == 0);
	put("stat", "cpu 125 0 125 850\ncpu0 125 0 125 850\n");
	load_take(l, (struct mono){2});
	CU_ASSERT((s->metrics & 1u << LOAD_CPU) != 0);
	CU_ASSERT_EQUAL(s->cpu_idle, 5000);
	CU_ASSERT(s->cpus == 1 && s->number == 2);
	/* No tick in between: the share stays. */
	load_take(l, (struct mono){3});
	CU_ASSERT((s->metrics & 1u << LOAD_CPU) != 0);
	CU_ASSERT_EQUAL(s->cpu_idle, 5000);
	/* Idle goes back, as it may: nothing was idle. */
	put("stat", "cpu 200 0 125 849\n");
	load_take(l, (struct mono){4});
	CU_ASSERT_EQUAL(s->cpu_idle, 0);
	/* All goes back, in a container that was moved: not known. */
	put("stat", "cpu 1 0 1 1\n");
	load_take(l, (struct mono){5});
	CU_ASSERT((s->metrics & 1u << LOAD_CPU) == 0);
	load_free(&l);
	remove_tree();
}

static void
what_cannot_be_read_is_missing_alone(void)
{
	struct load *l;
	const struct load_sample *s;

	make_tree();
	l = sampler();
	s = load_last(l);
	load_take(l, (struct mono){1});
	drop("meminfo");
	put("net/snmp", "nonsense");
	load_take(l, (struct mono){2});
	CU_ASSERT(
	    (s->metrics & (1u << LOAD_CONNECTIONS | 1u << LOAD_RAM)) == 0);
	CU_ASSERT(s->connections == 0 && s->ram_free == 0);
	CU_ASSERT_EQUAL(s->number, 2);
	load_free(&l);
	remove_tree();
}

static void
this_host_can_be_sampled(void)
{
	struct load_conf conf = {.procfs = "/proc"};
	struct load *l = load_new(&conf);
	const struct load_sample *s = load_last(l);

	load_take(l, (struct mono){1});
	CU_ASSERT((s->metrics & 1u << LOAD_RAM) != 0);
	CU_ASSERT((s->metrics & 1u << LOAD_CONNECTIONS) != 0);
	CU_ASSERT(s->cpus >= 1 && s->ram_total > 0);
	load_free(&l);
}

/* A count of other ports is not taken for theirs. */
static void
other_ports_are_counted_from_the_next_sample_on(void)
{
	static const uint16_t list[] = {1, 2};
	struct event_base *base = event_base_new();
	struct load_conf conf = {.base = base, .procfs = "/proc"};
	struct load *l = load_new(&conf);
	const struct load_sample *s = load_last(l);
	struct mono begin = mono_now();
	int i;

	load_take(l, begin);
	CU_ASSERT(mono_cmp(s->counted, begin) == 0);
	CU_ASSERT_PTR_NULL(load_ports(l));
	load_set_ports(l, list, 2);
	CU_ASSERT((s->metrics & 1u << LOAD_CONNECTIONS) == 0);
	CU_ASSERT_EQUAL(s->number, 1);
	for (i = 0; i < 100 && load_ports(l) == NULL; i++) {
		load_take(l, mono_now());
		(void)event_base_loop(base, EVLOOP_ONCE);
	}
	CU_ASSERT_PTR_NOT_NULL(load_ports(l));
	load_take(l, mono_now());
	CU_ASSERT((s->metrics & 1u << LOAD_CONNECTIONS) != 0);
	CU_ASSERT_EQUAL(s->connections, 0);
	CU_ASSERT(mono_cmp(s->counted, s->taken) < 0);
	load_set_ports(l, list, 2); /* the same: it goes on */
	CU_ASSERT_PTR_NOT_NULL(load_ports(l));
	load_set_ports(l, NULL, 0);
	load_take(l, mono_now());
	CU_ASSERT((s->metrics & 1u << LOAD_CONNECTIONS) != 0);
	CU_ASSERT(mono_cmp(s->counted, s->taken) == 0);
	load_free(&l);
	event_base_free(base);
}

static const struct unit_test tests[] = {
    {"a sample holds all values of one moment",
	a_sample_holds_all_values_of_one_moment},
    {"idle time is that since the sample before",
	idle_time_is_that_since_the_sample_before},
    {"what cannot be read is missing alone",
	what_cannot_be_read_is_missing_alone},
    {"this host can be sampled", this_host_can_be_sampled},
    {"other ports are counted from the next sample on",
	other_ports_are_counted_from_the_next_sample_on},
};

UNIT_MAIN("agent/load", tests)
