/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * hopctl completion: a script for bash, made of the tables of verbs and
 * options. What depends on the configuration (ids) it asks hopctl for, as the
 * user presses the key.
 */
#include <string.h>

#include "ctl/ctl.h"
#include "ctl/verbs.h"

/* What ids there are of a kind, one a line. */
struct kind {
	const char *word;
	void (*print)(const struct world *w, FILE *out);
};

#define KIND(kind, array, count)                                   \
	static void print_##kind(const struct world *w, FILE *out) \
	{                                                          \
		size_t i;                                          \
                                                                   \
		for (i = 0; i < w->count; i++)                     \
			fprintf(out, "%s\n", w->array[i].id);      \
	}

KIND(server, servers, nservers)
KIND(site, sites, nsites)
KIND(border, borders, nborders)
KIND(service, services, nservices)
KIND(manager, managers, nmanagers)
KIND(director, directors, ndirectors)
KIND(frontend, frontends, nfrontends)

static void
print_daemon(const struct world *w, FILE *out)
{
	print_manager(w, out);
	print_director(w, out);
	print_frontend(w, out);
}

static const struct kind kinds[] = {
    {"server", print_server},
    {"site", print_site},
    {"border", print_border},
    {"service", print_service},
    {"director", print_director},
    {"daemon", print_daemon},
};
#define NKINDS (sizeof(kinds) / sizeof(kinds[0]))

/* Everything of the script that depends on no table. */
static const char head_text[] =
    "# bash completion of hopctl, as `hopctl completion` prints it.\n"
    "_hopctl()\n"
    "{\n"
    "\tlocal cur=${COMP_WORDS[COMP_CWORD]} verb=${COMP_WORDS[1]}\n"
    "\tlocal before=${COMP_WORDS[COMP_CWORD - 1]}\n"
    "\tlocal conf='' ids='' i options='' words='' IFS=$' \\t\\n'\n\n"
    "\tCOMPREPLY=()\n"
    "\t# --option=value comes as three words\n"
    "\tif [ \"$cur\" = = ]; then\n"
    "\t\tcur=\n"
    "\telif [ \"$before\" = = ]; then\n"
    "\t\tbefore=${COMP_WORDS[COMP_CWORD - 2]}\n"
    "\tfi\n"
    "\tfor ((i = 2; i < COMP_CWORD; i++)); do\n"
    "\t\t[ \"${COMP_WORDS[i]}\" != -f ] || conf=${COMP_WORDS[i + 1]}\n"
    "\tdone\n";
static const char tail_text[] =
    "\tcase $before in\n"
    "\t-f | --feed | --cert | --key | --ca)\n"
    "\t\tcompopt -o filenames 2>/dev/null\n"
    "\t\tmapfile -t COMPREPLY < <(compgen -f -- \"$cur\")\n"
    "\t\treturn\n"
    "\t\t;;\n"
    "\t--root)\n"
    "\t\tmapfile -t COMPREPLY < <(compgen -d -- \"$cur\")\n"
    "\t\treturn\n"
    "\t\t;;\n"
    "\t--daemon) ids=daemon ;;\n"
    "\t--director) ids=director ;;\n"
    "\t--contact | site) ids=site ;;\n"
    "\t--service) ids=service ;;\n"
    "\t--why-not | server) ids=server ;;\n"
    "\tborder) ids=border ;;\n"
    "\t--format) words='bind hosts' ;;\n"
    "\t--sort) words='server state load conns drawn' ;;\n"
    "\t--timeout | --rtt | --reason | --as | --ttl | --at-most | --filter)\n"
    "\t\treturn\n"
    "\t\t;;\n"
    "\t*)\n"
    "\t\twords=$options\n"
    "\t\tcase $verb in\n"
    "\t\tdrain | disable | undrain) words+=' server site border' ;;\n"
    "\t\treload) ids=daemon ;;\n"
    "\t\tesac\n"
    "\t\t;;\n"
    "\tesac\n"
    "\t[ -z \"$ids\" ] || words+=\" $(hopctl completion \"$ids\" \\\n"
    "\t\t${conf:+-f \"$conf\"} 2>/dev/null)\"\n"
    "\tmapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$cur\")\n"
    "}\n"
    "complete -F _hopctl hopctl\n";

static void
print_options(FILE *out)
{
	const struct verbs_option *o;
	const struct verbs_verb *v;
	size_t i, k;

	for (i = 0; (v = verbs_at(i)) != NULL; i++) {
		fprintf(out, "\t%s)\n\t\toptions='", v->name);
		for (k = 0; (o = verbs_option(v, k)) != NULL; k++)
			fprintf(out, "%s%s", k > 0 ? " " : "", o->name);
		fputs("'\n\t\t;;\n", out);
	}
}

static void
print_verbs(FILE *out)
{
	size_t i;

	for (i = 0; verbs_at(i) != NULL; i++)
		fprintf(out, "%s ", verbs_at(i)->name);
	fputs("help", out);
}

static void
print_script(FILE *out)
{
	fputs(head_text, out);
	fputs("\tif [ \"$COMP_CWORD\" = 1 ]; then\n"
	      "\t\tverb=help\n"
	      "\tfi\n"
	      "\tcase $verb in\n",
	    out);
	print_options(out);
	fputs("\thelp)\n\t\toptions='", out);
	print_verbs(out);
	fputs("'\n\t\t;;\n\tesac\n", out);
	fputs(tail_text, out);
}

int
completion_run(struct ctl *c, int argc, char **argv)
{
	struct world *w;
	size_t i;

	if (argc == 0) {
		print_script(c->out);
		return CTL_OK;
	}
	for (i = 0; i < NKINDS; i++)
		if (argc == 1 && strcmp(kinds[i].word, argv[0]) == 0)
			break;
	if (i == NKINDS)
		return ctl_usage(c,
		    "\"%s\": nothing, or one of server, site, border, "
		    "service, director, daemon",
		    argv[argc - 1]);
	w = ctl_load(c);
	if (w == NULL)
		return CTL_FAILED;
	kinds[i].print(w, c->out);
	world_free(&w);
	return CTL_OK;
}
