/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MANAGER_RECORD_H
#define MANAGER_RECORD_H

/*
 * What a poller process tells the manager: fixed records, one a packet of a
 * SOCK_SEQPACKET pair. Plain data and the pure functions over it; knows
 * neither SNMP nor sockets.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/addr.h"
#include "lib/decide/weigh.h"
#include "lib/reason.h"
#include "lib/state.h"

#define RECORD_NAME   256
#define RECORD_ENGINE 32 /* RFC 3411, SnmpEngineID: at most 32 octets */

enum record_kind {
	RECORD_SAMPLE = 1, /* an answer, with values */
	RECORD_LATE,       /* the first request of a poll is not answered yet */
	RECORD_FAIL,       /* the poll is over without values; why */
	RECORD_ENGINE_ID,  /* first contact: who answers there */
	RECORD_CHECKS,     /* a new check table: forget the old one */
	RECORD_CHECK,      /* a row of it */
	RECORD_CHECKS_END, /* the whole table has been read */
	RECORD_BEAT,       /* the poller lives; its counters */
	RECORD_PROBER,     /* a prober answered: how it does */
	RECORD_RESTART,    /* it has lost what it was asked for */
	RECORD_RESULT,     /* a row of its journal */
	RECORD_KINDS
};

struct record_sample {
	int64_t rtt_us;
	uint32_t number; /* of the sample; 0: the agent does not number them */
	int64_t age_ms;
	struct sample values;
	bool lacks[METRICS]; /* its agent has no objects for them */
	uint32_t check_changes;
};

struct record_fail {
	enum reason reason;
	char text[RECORD_NAME]; /* for people */
};

struct record_check {
	char name[RECORD_NAME];
	enum state state;
	enum reason reason;
};

struct record_beat {
	uint64_t requests, timeouts, security_errors;
	uint64_t skipped; /* polls left out to avoid a burst */
	uint64_t cpu_us;  /* of this process */
	uint32_t sessions;
};

/* hopProbeJournalStatus, as in the MIB. */
enum probe_status {
	PROBE_REPLIED = 1,
	PROBE_SILENT,
	PROBE_UNREACHABLE,
	PROBE_REFUSED,
	PROBE_FAILED,
	PROBE_UNKNOWN,
	PROBE_PROVISIONAL, /* the first reply of a round that goes on */
	PROBE_INEXACT      /* replied, but not by the kernel's stamps */
};

/* The last row of a prober's journal that was read. */
struct record_cursor {
	uint32_t epoch, index; /* {0, 0}: none yet */
};

struct record_prober {
	enum state uplink; /* as its canaries see it */
	enum reason uplink_reason;
	int64_t rtt_us;
	uint32_t taken;   /* addresses that it was given since the last one */
	uint32_t missing; /* rows that had gone before they were read */
};

struct record_result {
	struct addr addr;
	enum probe_status status;
	uint32_t rtt_us; /* the median; a reply's if provisional */
	uint32_t spread_us;
	uint32_t loss;   /* hundredths of 1 % */
	uint32_t age_ms; /* of the row when it was read */
	struct record_cursor at;
};

struct record {
	uint32_t kind;
	/* Places in what the process was given to poll, and so in its packets
	 * whatever becomes of the world; pollers.c makes numbers of it. */
	int32_t server; /* -1 for RECORD_BEAT and probers */
	int32_t prober; /* if server is -1 */
	union {
		struct record_sample sample;
		struct record_fail fail;
		struct record_check check;
		struct record_beat beat;
		struct record_prober prober;
		struct record_result result;
		struct {
			uint8_t id[RECORD_ENGINE];
			uint8_t len;
		} engine;
	} u;
};

/* What the manager tells a poller: addresses that a prober is to ping. */
#define ORDER_ADDRESSES 32
struct order {
	int32_t prober; /* place, as in a record */
	uint32_t n;
	struct addr addr[ORDER_ADDRESSES];
};

/* Whether these bytes are a record about one of `nservers` servers or
 * `nprobers` probers that a poller may send: kind, number, words terminated,
 * enums in range. */
bool record_valid(
    const struct record *r, size_t len, size_t nservers, size_t nprobers);
/* The reason of a word of HopReason; REASON_NONE if there is none such. */
enum reason record_reason(const char *word, size_t len);

/* Standard MIBs: what UCD-SNMP-MIB's raw CPU ticks say. */
enum {
	TICKS_USER,
	TICKS_NICE,
	TICKS_SYSTEM,
	TICKS_IDLE,
	TICKS_WAIT,
	TICKS_INTERRUPT,
	TICKS_SOFTIRQ,
	TICKS_STEAL,
	TICKS
};
/* Idle share between two readings of Counter32s in hundredths of 1 %, or -1
 * if no time has passed. */
int record_cpu_idle(const uint32_t before[TICKS], const uint32_t now[TICKS]);

#endif
