/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LIB_REASON_H
#define LIB_REASON_H

/*
 * Why something is as it is: one table for the log, hopctl, the lines and the
 * MIB (HopReason). Reasons of other collectors travel as text; the words here
 * are those that our daemons give.
 */

/* clang-format off */
#define REASONS(X)                                                            \
	X(NONE,              "-")                                             \
	X(NOT_JUDGED,        "not-judged-yet")                                \
	X(CHECK_OK,          "check-ok")                                      \
	X(SERVICE_ANSWERS,   "service-answers")                               \
	X(CONNECT_REFUSED,   "connect-refused")                               \
	X(CONNECT_TIMEOUT,   "connect-timeout")                               \
	X(CONNECT_FAILED,    "connect-failed")                                \
	X(REPLY_TIMEOUT,     "reply-timeout")                                 \
	X(REPLY_CLOSED,      "reply-closed")                                  \
	X(REPLY_BAD,         "reply-bad")                                     \
	X(HTTP_STATUS,       "http-status")                                   \
	X(FTP_GREETING,      "ftp-greeting")                                  \
	X(AGENT_OK,          "agent-ok")                                      \
	X(AGENT_TIMEOUT,     "agent-timeout")                                 \
	X(AGENT_NO_OBJECTS,  "agent-no-objects")                              \
	X(AGENT_SECURITY,    "agent-security")                                \
	X(AGENT_SAMPLE_OLD,  "agent-sample-old")                              \
	X(AGENT_CLONE,       "agent-engine-id-not-unique")                    \
	X(NO_CHECK,          "no-check")                                      \
	X(AT_LIMIT,          "at-limit")                                      \
	X(RAM_LOW,           "ram-low")                                       \
	X(SWAP_LOW,          "swap-low")                                      \
	X(CPU_LOW,           "cpu-low")                                       \
	X(BY_OPERATOR,       "by-operator")                                   \
	X(UPLINK_SILENT,     "uplink-silent")                                 \
	X(OTHER_BORDER,      "pings-for-another-border")                      \
	X(FROZEN,            "frozen")                                        \
	X(CONNECTED,         "connected")                                     \
	X(DISCONNECTED,      "disconnected")                                  \
	X(SILENT,            "silent")                                        \
	X(CONFIG_SKEW,       "config-skew")                                   \
	X(PROTOCOL_ERROR,    "protocol-error")                                \
	X(ALL_BUSY,          "all-busy")                                      \
	X(NO_SERVER,         "no-server")                                     \
	X(NO_ADDRESS,        "no-address")                                    \
	X(UNKNOWN_SERVICE,   "unknown-service")                               \
	X(UNKNOWN_SITE,      "unknown-site")                                  \
	X(LISTENING,         "listening")                                     \
	X(NO_BORDER,         "no-border-up")                                  \
	X(NOT_IN_SERVICE,    "not-in-service")                                \
	X(NOT_IN_BAND,       "not-in-band")                                   \
	X(BUSY,              "busy")                                          \
	X(LOST_DRAW,         "others-have-more-load")                         \
	X(FALLBACK_ONLY,     "others-are-known")                              \
	X(BACKUP,            "backup")                                        \
	X(NOT_PREFERRED,     "not-preferred")                                 \
	X(STICKY,            "sticky")
/* clang-format on */

enum reason {
#define X(name, text) REASON_##name,
	REASONS(X)
#undef X
	    REASON_COUNT
};

/* The word of a reason; never NULL. */
const char *reason_text(enum reason r);

#endif
