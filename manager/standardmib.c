/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An agent may answer anything: what does not fit is taken for missing. Walks
 * are bounded, and go on only while indexes grow.
 *
 * Free memory is what the kernel calls available, as at hoploadd, where the
 * agent tells it (Net-SNMP 5.9 does); else what is free, with buffers and
 * cache. CPU idle is the share of idle ticks between two polls, as at
 * hoploadd, or 100 % less the mean of hrProcessorLoad, which is of a minute.
 */
#include "manager/standardmib.h"

#include <net-snmp/net-snmp-config.h>
#include <net-snmp/net-snmp-includes.h>

#include <string.h>
#include <strings.h>

#define WALK_REPEATS 12  /* rows an answer: it fits one packet of 1500 */
#define WALK_ROWS    600 /* read of one table */
/* More than any amount: such a number is a mistake. */
#define NUMBER_MAX INT64_C(1000000000000000)

/* Behind SCALAR_TICKS they are in the order of TICKS_*. */
enum {
	SCALAR_UPTIME,
	SCALAR_CONNECTIONS,
	SCALAR_RAM_TOTAL,
	SCALAR_RAM_AVAILABLE,
	SCALAR_RAM_FREE,
	SCALAR_RAM_BUFFERS,
	SCALAR_RAM_CACHED,
	SCALAR_SWAP_TOTAL,
	SCALAR_SWAP_FREE,
	SCALAR_TICKS,
	SCALARS = SCALAR_TICKS + TICKS
};
_Static_assert(SCALARS <= 32, "a bit each");

struct name {
	oid oid[16];
	size_t len;
};

#define SYSTEM(n)                              \
	{                                      \
		{1, 3, 6, 1, 2, 1, 1, n, 0}, 9 \
	}
#define TCP(n)                                 \
	{                                      \
		{1, 3, 6, 1, 2, 1, 6, n, 0}, 9 \
	}
#define MEMORY(n)                                     \
	{                                             \
		{1, 3, 6, 1, 4, 1, 2021, 4, n, 0}, 10 \
	}
#define STATS(n)                                       \
	{                                              \
		{1, 3, 6, 1, 4, 1, 2021, 11, n, 0}, 10 \
	}

static const struct name scalars[SCALARS] = {
    [SCALAR_UPTIME] = SYSTEM(3),
    [SCALAR_CONNECTIONS] = TCP(9),
    [SCALAR_RAM_TOTAL] = MEMORY(5),
    [SCALAR_RAM_AVAILABLE] = MEMORY(27),
    [SCALAR_RAM_FREE] = MEMORY(6),
    [SCALAR_RAM_BUFFERS] = MEMORY(14),
    [SCALAR_RAM_CACHED] = MEMORY(15),
    [SCALAR_SWAP_TOTAL] = MEMORY(3),
    [SCALAR_SWAP_FREE] = MEMORY(4),
    [SCALAR_TICKS + TICKS_USER] = STATS(50),
    [SCALAR_TICKS + TICKS_NICE] = STATS(51),
    [SCALAR_TICKS + TICKS_SYSTEM] = STATS(52),
    [SCALAR_TICKS + TICKS_IDLE] = STATS(53),
    [SCALAR_TICKS + TICKS_WAIT] = STATS(54),
    [SCALAR_TICKS + TICKS_INTERRUPT] = STATS(56),
    [SCALAR_TICKS + TICKS_SOFTIRQ] = STATS(61),
    [SCALAR_TICKS + TICKS_STEAL] = STATS(64),
};

/* RFC 2790: hrStorageEntry and hrProcessorEntry. */
enum {
	STORAGE_TYPE = 2,
	STORAGE_DESCR,
	STORAGE_UNITS,
	STORAGE_SIZE,
	STORAGE_USED
};
enum { PROCESSOR_FRW = 1, PROCESSOR_LOAD };
#define STORAGE_ENTRY   1, 3, 6, 1, 2, 1, 25, 2, 3, 1
#define PROCESSOR_ENTRY 1, 3, 6, 1, 2, 1, 25, 3, 3, 1
#define ENTRY_LEN       10

static const oid storage_entry[ENTRY_LEN] = {STORAGE_ENTRY};
static const oid processor_entry[ENTRY_LEN] = {PROCESSOR_ENTRY};

/* hrStorageRam; the others are told from disks by their names alone. */
static const oid type_ram[] = {1, 3, 6, 1, 2, 1, 25, 2, 1, 2};

/* How they are called: Net-SNMP's words; Windows has the first one. */
static const char *const storage_words[STORAGES] = {
    [STORAGE_RAM] = "physical memory",
    [STORAGE_AVAILABLE] = "available memory",
    [STORAGE_BUFFERS] = "memory buffers",
    [STORAGE_CACHED] = "cached memory",
    [STORAGE_SWAP] = "swap space",
};

static void
add(netsnmp_pdu *pdu, const oid *entry, uint32_t column, uint32_t row)
{
	struct name n;

	memcpy(n.oid, entry, ENTRY_LEN * sizeof(oid));
	n.oid[ENTRY_LEN] = column;
	n.oid[ENTRY_LEN + 1] = row;
	(void)snmp_add_null_var(pdu, n.oid, ENTRY_LEN + 2);
}

static bool
has(const struct standard_plan *p, int scalar)
{
	return (p->scalars & UINT32_C(1) << scalar) != 0;
}

static netsnmp_pdu *
ask_walk(const struct standard_plan *p)
{
	netsnmp_pdu *pdu = snmp_pdu_create(SNMP_MSG_GETBULK);

	pdu->non_repeaters = 0;
	pdu->max_repetitions = WALK_REPEATS;
	if (p->step == STANDARD_STORAGE) {
		add(pdu, storage_entry, STORAGE_TYPE, p->at);
		add(pdu, storage_entry, STORAGE_DESCR, p->at);
		add(pdu, storage_entry, STORAGE_UNITS, p->at);
	} else {
		add(pdu, processor_entry, PROCESSOR_FRW, p->at);
		add(pdu, processor_entry, PROCESSOR_LOAD, p->at);
	}
	return pdu;
}

netsnmp_pdu *
standardmib_ask(const struct standard_plan *p)
{
	netsnmp_pdu *pdu;
	size_t i;

	if (p->step == STANDARD_STORAGE || p->step == STANDARD_CPU)
		return ask_walk(p);
	pdu = snmp_pdu_create(SNMP_MSG_GET);
	for (i = 0; i < SCALARS; i++)
		if (p->step == STANDARD_SCALARS || has(p, (int)i))
			(void)snmp_add_null_var(
			    pdu, scalars[i].oid, scalars[i].len);
	if (p->step == STANDARD_SCALARS)
		return pdu;
	for (i = 0; i < STORAGES; i++) {
		if (p->row[i] == 0)
			continue;
		add(pdu, storage_entry, STORAGE_SIZE, p->row[i]);
		add(pdu, storage_entry, STORAGE_USED, p->row[i]);
	}
	for (i = 0; i < p->ncpus; i++)
		add(pdu, processor_entry, PROCESSOR_LOAD, p->cpus[i]);
	return pdu;
}

/* A number, or -1: it is none, or none that may be. */
static int64_t
number_of(const netsnmp_variable_list *v)
{
	int64_t n = -1;

	if (v->type == ASN_INTEGER)
		n = *v->val.integer;
	else if (v->type == ASN_GAUGE || v->type == ASN_COUNTER ||
		 v->type == ASN_TIMETICKS)
		n = (int64_t)(*v->val.integer & 0xffffffff);
	else if (v->type == ASN_COUNTER64 &&
		 v->val.counter64->high <= 0x7fffffff)
		n = (int64_t)((uint64_t)v->val.counter64->high << 32 |
			      (v->val.counter64->low & 0xffffffff));
	return n <= NUMBER_MAX ? n : -1;
}

/* The index of a variable in a column, or 0. */
static uint32_t
index_in(const netsnmp_variable_list *v, const oid *entry, uint32_t column)
{
	if (v == NULL || v->name_length != ENTRY_LEN + 2 ||
	    memcmp(v->name, entry, ENTRY_LEN * sizeof(oid)) != 0 ||
	    v->name[ENTRY_LEN] != column || v->name[ENTRY_LEN + 1] > INT32_MAX)
		return 0;
	return (uint32_t)v->name[ENTRY_LEN + 1];
}

/* --- learning --- */

static bool
ram_by_ucd(const struct standard_plan *p)
{
	return has(p, SCALAR_RAM_TOTAL) &&
	       (has(p, SCALAR_RAM_AVAILABLE) || has(p, SCALAR_RAM_FREE));
}

static bool
swap_by_ucd(const struct standard_plan *p)
{
	return has(p, SCALAR_SWAP_TOTAL) && has(p, SCALAR_SWAP_FREE);
}

static bool
cpu_by_ucd(const struct standard_plan *p)
{
	return has(p, SCALAR_TICKS + TICKS_IDLE);
}

static void
next_step(struct standard_plan *p)
{
	p->at = 0;
	p->rows = 0;
	p->step++;
	if (p->step == STANDARD_STORAGE && ram_by_ucd(p) && swap_by_ucd(p))
		p->step++;
	if (p->step == STANDARD_CPU && cpu_by_ucd(p))
		p->step++;
}

/* What a scalar says, by its place in the request. */
static void
learn_scalars(struct standard_plan *p, const netsnmp_pdu *pdu)
{
	const netsnmp_variable_list *v = pdu->variables;
	size_t i;

	p->scalars = 0;
	for (i = 0; i < SCALARS && v != NULL; i++, v = v->next_variable)
		if (snmp_oid_compare(v->name, v->name_length, scalars[i].oid,
			scalars[i].len) == 0 &&
		    number_of(v) >= 0)
			p->scalars |= UINT32_C(1) << i;
	next_step(p);
}

static bool
is_word(const netsnmp_variable_list *v, const char *word)
{
	return v->type == ASN_OCTET_STR && v->val_len == strlen(word) &&
	       strncasecmp((const char *)v->val.string, word, v->val_len) == 0;
}

static bool
is_ram(const netsnmp_variable_list *v)
{
	return v->type == ASN_OBJECT_ID &&
	       snmp_oid_compare(v->val.objid, v->val_len / sizeof(oid),
		   type_ram, OID_LENGTH(type_ram)) == 0;
}

/* A row of hrStorageTable; the first of each kind counts. */
static void
learn_row(struct standard_plan *p, const netsnmp_variable_list *type,
    const netsnmp_variable_list *descr, const netsnmp_variable_list *units)
{
	int64_t unit = number_of(units);
	int i, is = -1;

	for (i = 0; i < STORAGES; i++)
		if (is_word(descr, storage_words[i]))
			is = i;
	if (is < 0 && is_ram(type))
		is = STORAGE_RAM;
	if (is < 0 || p->row[is] != 0 || unit <= 0 || unit > INT32_MAX)
		return;
	p->row[is] = p->at;
	p->unit[is] = (uint32_t)unit;
}

/* False: the table is over. */
static bool
learn_storage(struct standard_plan *p, const netsnmp_variable_list *v)
{
	uint32_t before = p->at;

	while (v != NULL) {
		const netsnmp_variable_list *descr = v->next_variable, *units;
		uint32_t at = index_in(v, storage_entry, STORAGE_TYPE);

		units = descr != NULL ? descr->next_variable : NULL;
		/* No progress would never end. */
		if (at <= p->at || p->rows++ >= WALK_ROWS)
			return false;
		/* An answer that is cut off here goes on here. */
		if (units == NULL)
			return p->at > before;
		if (index_in(descr, storage_entry, STORAGE_DESCR) != at ||
		    index_in(units, storage_entry, STORAGE_UNITS) != at)
			return false;
		p->at = at;
		learn_row(p, v, descr, units);
		v = units->next_variable;
	}
	return p->at > before;
}

/* Loads of processors come a minute after their rows: either column tells. */
static bool
learn_cpus(struct standard_plan *p, const netsnmp_variable_list *v)
{
	uint32_t before = p->at;

	for (; v != NULL; v = v->next_variable) {
		uint32_t at = index_in(v, processor_entry, PROCESSOR_FRW);

		if (at == 0)
			at = index_in(v, processor_entry, PROCESSOR_LOAD);
		if (at <= p->at)
			continue;
		if (p->ncpus == STANDARD_CPUS)
			return false;
		p->cpus[p->ncpus++] = p->at = at;
	}
	return p->at > before;
}

void
standardmib_learn(struct standard_plan *p, const netsnmp_pdu *pdu)
{
	if (p->step == STANDARD_SCALARS)
		learn_scalars(p, pdu);
	else if (p->step == STANDARD_STORAGE) {
		if (pdu->variables == NULL || !learn_storage(p, pdu->variables))
			next_step(p);
	} else if (p->step == STANDARD_CPU) {
		if (!learn_cpus(p, pdu->variables))
			next_step(p);
	}
}

/* snmpd 5.9.3 has genErr for a GETBULK that comes to where a view cuts between
 * two of its subagents. */
bool
standardmib_learn_error(struct standard_plan *p)
{
	if (p->step != STANDARD_STORAGE && p->step != STANDARD_CPU)
		return false;
	next_step(p);
	return true;
}

void
standardmib_forget(struct standard_plan *p)
{
	p->step = STANDARD_SCALARS;
	p->scalars = 0;
	memset(p->row, 0, sizeof(p->row));
	p->ncpus = 0;
	p->at = p->rows = 0;
}

/* --- a sample --- */

struct values {
	int64_t scalar[SCALARS]; /* -1: it is not there, as below */
	int64_t size[STORAGES], used[STORAGES];
	int64_t load; /* the sum of those processors that told */
	unsigned loads;
	bool gone; /* something was there before */
};

/* The value of the next variable of an answer, which has the order of its
 * request (RFC 3416, 4.2.1); -1 if it is another object. */
static int64_t
next_value(const netsnmp_variable_list **v, const oid *name, size_t len)
{
	const netsnmp_variable_list *is = *v;

	if (is == NULL)
		return -1;
	*v = is->next_variable;
	if (snmp_oid_compare(is->name, is->name_length, name, len) != 0)
		return -1;
	return number_of(is);
}

static int64_t
next_cell(const netsnmp_variable_list **v, const oid *entry, uint32_t column,
    uint32_t row)
{
	oid name[ENTRY_LEN + 2];

	memcpy(name, entry, ENTRY_LEN * sizeof(oid));
	name[ENTRY_LEN] = column;
	name[ENTRY_LEN + 1] = row;
	return next_value(v, name, ENTRY_LEN + 2);
}

static void
read_values(
    const struct standard_plan *p, const netsnmp_pdu *pdu, struct values *x)
{
	const netsnmp_variable_list *v = pdu->variables;
	int64_t n;
	size_t i;

	memset(x, 0xff, sizeof(*x)); /* -1 everywhere */
	x->load = x->loads = 0;
	x->gone = false;
	for (i = 0; i < SCALARS; i++) {
		if (!has(p, (int)i))
			continue;
		x->scalar[i] = next_value(&v, scalars[i].oid, scalars[i].len);
		x->gone |= x->scalar[i] < 0;
	}
	for (i = 0; i < STORAGES; i++) {
		if (p->row[i] == 0)
			continue;
		x->size[i] =
		    next_cell(&v, storage_entry, STORAGE_SIZE, p->row[i]);
		x->used[i] =
		    next_cell(&v, storage_entry, STORAGE_USED, p->row[i]);
		x->gone |= x->size[i] < 0 || x->used[i] < 0;
	}
	for (i = 0; i < p->ncpus; i++) {
		n = next_cell(&v, processor_entry, PROCESSOR_LOAD, p->cpus[i]);
		if (n < 0 || n > 100)
			continue;
		x->load += n;
		x->loads++;
	}
	/* All of them come a minute after the agent's start; one may go. */
	x->gone |= x->loads > 0 && x->loads < p->ncpus;
}

/* Units can make more of a number than there is anywhere. */
static void
bound(struct sample *x, enum metric m, double *free_kib, double *total)
{
	if (*total > (double)NUMBER_MAX)
		x->known[m] = false;
	if (!x->known[m])
		*total = 0;
	if (*free_kib > *total)
		*free_kib = *total;
}

static double
kib(const struct standard_plan *p, int storage, int64_t n)
{
	return n > 0 ? (double)n * p->unit[storage] / 1024 : 0;
}

static void
ram_by_storage(
    const struct standard_plan *p, const struct values *v, struct sample *x)
{
	int64_t size = v->size[STORAGE_RAM], used = v->used[STORAGE_RAM];
	const int available = STORAGE_AVAILABLE;

	x->known[METRIC_RAM] = size > 0 && used >= 0;
	if (!x->known[METRIC_RAM])
		return;
	x->ram_total = kib(p, STORAGE_RAM, size);
	if (v->size[available] >= 0 && v->used[available] >= 0)
		x->ram_free =
		    kib(p, available, v->size[available] - v->used[available]);
	else
		x->ram_free =
		    kib(p, STORAGE_RAM, size - used) +
		    kib(p, STORAGE_BUFFERS, v->used[STORAGE_BUFFERS]) +
		    kib(p, STORAGE_CACHED, v->used[STORAGE_CACHED]);
}

static int64_t
or_none(int64_t n)
{
	return n > 0 ? n : 0;
}

static void
read_ram(
    const struct standard_plan *p, const struct values *v, struct sample *x)
{
	const int64_t *s = v->scalar;

	if (!ram_by_ucd(p)) {
		ram_by_storage(p, v, x);
	} else {
		x->known[METRIC_RAM] =
		    s[SCALAR_RAM_TOTAL] > 0 &&
		    (s[SCALAR_RAM_AVAILABLE] >= 0 || s[SCALAR_RAM_FREE] >= 0);
		x->ram_total = (double)or_none(s[SCALAR_RAM_TOTAL]);
		x->ram_free =
		    (double)(s[SCALAR_RAM_AVAILABLE] >= 0
				 ? s[SCALAR_RAM_AVAILABLE]
				 : or_none(s[SCALAR_RAM_FREE]) +
				       or_none(s[SCALAR_RAM_BUFFERS]) +
				       or_none(s[SCALAR_RAM_CACHED]));
	}
	bound(x, METRIC_RAM, &x->ram_free, &x->ram_total);
}

static void
read_swap(
    const struct standard_plan *p, const struct values *v, struct sample *x)
{
	int64_t size = v->size[STORAGE_SWAP], used = v->used[STORAGE_SWAP];
	const int64_t *s = v->scalar;

	if (swap_by_ucd(p)) {
		x->known[METRIC_SWAP] =
		    s[SCALAR_SWAP_TOTAL] >= 0 && s[SCALAR_SWAP_FREE] >= 0;
		x->swap_total = (double)or_none(s[SCALAR_SWAP_TOTAL]);
		x->swap_free = (double)or_none(s[SCALAR_SWAP_FREE]);
	} else {
		x->known[METRIC_SWAP] = size >= 0 && used >= 0;
		x->swap_total = kib(p, STORAGE_SWAP, size);
		x->swap_free = kib(p, STORAGE_SWAP, size - used);
	}
	bound(x, METRIC_SWAP, &x->swap_free, &x->swap_total);
}

/* The host was restarted too, not only its agent: some count is less. */
static bool
went_back(const uint32_t before[TICKS], const uint32_t now[TICKS])
{
	int i;

	for (i = 0; i < TICKS; i++)
		if (now[i] < before[i])
			return true;
	return false;
}

/* The share of idle ticks since the poll before. An agent that was just
 * started tells zeros at first; Net-SNMP counts anew every 5 s only. */
static void
read_ticks(struct standard_plan *p, const struct values *v, bool restarted,
    struct sample *x)
{
	uint32_t now[TICKS];
	uint64_t sum = 0;
	int i, idle = -1;

	for (i = 0; i < TICKS; i++) {
		now[i] = (uint32_t)or_none(v->scalar[SCALAR_TICKS + i]);
		sum += now[i];
	}
	if (sum == 0)
		return;
	if (p->counted && !(restarted && went_back(p->ticks, now)))
		idle = record_cpu_idle(p->ticks, now);
	x->known[METRIC_CPU] = idle >= 0;
	x->cpu_idle = idle >= 0 ? idle : 0;
	memcpy(p->ticks, now, sizeof(now));
	p->counted = true;
}

static void
read_cpu(struct standard_plan *p, const struct values *v, bool restarted,
    struct sample *x)
{
	if (cpu_by_ucd(p)) {
		read_ticks(p, v, restarted, x);
	} else if (v->loads > 0) {
		x->known[METRIC_CPU] = true;
		x->cpu_idle = 10000 - (double)(v->load * 100) / v->loads;
	}
}

bool
standardmib_sample(struct standard_plan *p, const netsnmp_pdu *pdu,
    struct record_sample *s, bool *again)
{
	struct sample *x = &s->values;
	struct values v;
	bool restarted;

	read_values(p, pdu, &v);
	restarted = v.scalar[SCALAR_UPTIME] >= 0 &&
		    (uint32_t)v.scalar[SCALAR_UPTIME] < p->uptime;
	if (v.scalar[SCALAR_UPTIME] >= 0)
		p->uptime = (uint32_t)v.scalar[SCALAR_UPTIME];
	*again = v.gone || restarted;
	x->known[METRIC_CONNECTIONS] = v.scalar[SCALAR_CONNECTIONS] >= 0;
	x->connections = (double)or_none(v.scalar[SCALAR_CONNECTIONS]);
	read_ram(p, &v, x);
	read_swap(p, &v, x);
	read_cpu(p, &v, restarted, x);
	s->lacks[METRIC_CONNECTIONS] = !has(p, SCALAR_CONNECTIONS);
	s->lacks[METRIC_RAM] = !ram_by_ucd(p) && p->row[STORAGE_RAM] == 0;
	s->lacks[METRIC_SWAP] = !swap_by_ucd(p) && p->row[STORAGE_SWAP] == 0;
	s->lacks[METRIC_CPU] = !cpu_by_ucd(p) && p->ncpus == 0;
	return !s->lacks[METRIC_CONNECTIONS] || !s->lacks[METRIC_RAM] ||
	       !s->lacks[METRIC_CPU];
}
