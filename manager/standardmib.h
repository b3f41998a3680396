/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MANAGER_STANDARDMIB_H
#define MANAGER_STANDARDMIB_H

/*
 * What a poller asks agents of other makers for: TCP-MIB, UCD-SNMP-MIB, and
 * HOST-RESOURCES-MIB where UCD's is missing. What an agent has is learned
 * first; then one GET asks for just that. Pure functions on Net-SNMP's PDUs.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "manager/record.h"

#define STANDARD_CPUS                                          \
	64 /* processors that are asked for; more are a sample \
	    */

struct snmp_pdu; /* Net-SNMP's */

enum standard_step {
	STANDARD_SCALARS, /* which there are */
	STANDARD_STORAGE, /* walking hrStorageTable for memory */
	STANDARD_CPU,     /* walking hrProcessorTable */
	STANDARD_READY    /* all is known: poll */
};

/* Rows of hrStorageTable. */
enum standard_storage {
	STORAGE_RAM,
	STORAGE_AVAILABLE,
	STORAGE_BUFFERS,
	STORAGE_CACHED,
	STORAGE_SWAP,
	STORAGES
};

/* What one agent has, and what the poll before said. Zeroed: nothing yet. */
struct standard_plan {
	enum standard_step step;
	uint32_t scalars;        /* a bit each */
	uint32_t row[STORAGES];  /* 0: there is none */
	uint32_t unit[STORAGES]; /* bytes */
	uint32_t cpus[STANDARD_CPUS];
	size_t ncpus;
	uint32_t at; /* row that a walk has reached */
	unsigned rows;
	/* From poll to poll. */
	uint32_t uptime;
	bool counted;
	uint32_t ticks[TICKS];
};

/* The next request, a GET or a GETBULK; of learning, or of a sample. */
struct snmp_pdu *standardmib_ask(const struct standard_plan *p);
/* The answer to it while p->step is not STANDARD_READY: the step goes on. */
void standardmib_learn(struct standard_plan *p, const struct snmp_pdu *pdu);
/* It was answered with an error: a walk ends there. False: it was no walk. */
bool standardmib_learn_error(struct standard_plan *p);
/*
 * The answer to it when it is: false if there is nothing in it. Leaves rtt_us.
 * *again: what was there is gone, or the agent was restarted: it is to be
 * learned anew, by standardmib_forget().
 */
bool standardmib_sample(struct standard_plan *p, const struct snmp_pdu *pdu,
    struct record_sample *s, bool *again);
/* What it has; what it counted is kept. */
void standardmib_forget(struct standard_plan *p);

#endif
