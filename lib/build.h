/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LIB_BUILD_H
#define LIB_BUILD_H

/*
 * The tree of a whole configuration to a world. What the grammar cannot say is
 * looked at here and in lib/sense.c; everything found goes into the notes.
 */

#include "lib/conf.h"
#include "lib/elem.h"
#include "lib/world.h"

/*
 * All elements of one kind, in file order: an element's place here is its
 * number in the world.
 */
struct roll {
	const char *what; /* "servers" */
	size_t most;
	struct elem **elems;
	size_t n;
	struct names *by_id;
};

struct build {
	struct world *world;
	const struct elem *root;
	struct notes *notes;
	enum conf_secrets secrets;
	struct roll sites, borders, policies, servers, services, users,
	    managers, directors, frontends;
};

/* A world, complete only if the notes have no error. */
struct world *build_world(const struct elem *root, const char *dir,
    enum conf_secrets secrets, struct notes *notes);

/* Parts of it, each a file: sites, borders, delays. */
void build_network(struct build *b);
/* Preferences, once sites, borders, servers and services are there. */
void build_prefers(struct build *b);
/* SNMP users, TLS, managers, directors, front ends. */
void build_daemons(struct build *b);

/* Where an snmpd is and with which user it is asked: all of `a` but kind. */
void build_snmp(struct build *b, const struct elem *e, struct agent *a);

/* Take down an element; two with one id are noted (notes may be NULL). */
void roll_add(struct roll *r, struct notes *notes, struct elem *e);
/* Whether this element is not the second one with its id: that was noted, so
 * there is no more to say of it. */
bool roll_knows(const struct roll *r, const struct elem *e);
/* The number that an attribute refers to, or -1: absent, bad, or unknown,
 * which is noted with what there is. */
int roll_find(const struct roll *r, struct notes *notes, const struct elem *e,
    const char *attribute);
/* The same for an id that stands in a part of the attribute's text. */
int roll_find_id(const struct roll *r, struct notes *notes,
    const struct elem *e, const char *attribute, const char *id);

/* A file name of an attribute, absolute, taken relative to the file it stands
 * in; to be freed; NULL if it is absent or bad. */
char *build_file(const struct elem *e, const char *attribute);

/* What only the whole world shows: unreachable sites, policies without bound,
 * listeners that clash and the like. */
void sense_check(const struct build *b);
/* Its part about preferences that never hold, in lib/build_prefers.c. */
void sense_check_prefers(const struct build *b);

#endif
