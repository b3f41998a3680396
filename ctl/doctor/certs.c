/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The TLS files of this host: that they can be read and belong together, that
 * the authority signed the certificate, how long it holds, and that it names
 * the roles of the daemons here.
 */
#include <errno.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "ctl/doctor/doctor.h"

#define DAYS_SOON 30
#define URI       "hopscotch:role:"

/* Names relative to a configuration below the root have the root already. */
static const char *
where(const struct doctor *d, const char *path, char *buf, size_t size)
{
	size_t n = strlen(d->host.root);

	if (strncmp(path, d->host.root, n) == 0)
		(void)snprintf(buf, size, "%s", path);
	else
		(void)host_path(&d->host, path, buf, size);
	return buf;
}

static X509 *
read_cert(const struct doctor *d, const char *path, struct findings *f)
{
	char name[HOST_PATH];
	FILE *in = fopen(where(d, path, name, sizeof(name)), "re");
	X509 *x = NULL;

	if (in == NULL) {
		finding_bad(f, VERDICT_FAIL, "Put it there.", "%s: %s", path,
		    strerror(errno));
		return NULL;
	}
	x = PEM_read_X509(in, NULL, NULL, NULL);
	(void)fclose(in);
	if (x == NULL)
		finding_bad(f, VERDICT_FAIL, "It has to be PEM.",
		    "%s holds no certificate", path);
	return x;
}

static void
check_key(
    const struct doctor *d, const char *path, X509 *cert, struct findings *f)
{
	char name[HOST_PATH];
	FILE *in = fopen(where(d, path, name, sizeof(name)), "re");
	struct stat st = {0};
	EVP_PKEY *key;

	if (in == NULL) {
		finding_bad(f, errno == EACCES ? VERDICT_WARN : VERDICT_FAIL,
		    "Put it there, of mode 0600 and owned by hopscotch; as "
		    "another user doctor cannot look at it.",
		    "%s: %s", path, strerror(errno));
		return;
	}
	(void)fstat(fileno(in), &st);
	/* An empty passphrase, or libcrypto would ask for one. */
	key = PEM_read_PrivateKey(in, NULL, NULL, (char[]){""});
	(void)fclose(in);
	if ((st.st_mode & 077) != 0)
		finding_bad(f, VERDICT_FAIL,
		    "chmod 0600 it, and make a new key if others may have "
		    "read it.",
		    "%s has mode %04o, the daemons refuse it", path,
		    (unsigned)st.st_mode & 07777);
	if (key == NULL)
		finding_bad(f, VERDICT_FAIL,
		    "It has to be PEM without "
		    "passphrase.",
		    "%s holds no key", path);
	else if (X509_check_private_key(cert, key) != 1)
		finding_bad(f, VERDICT_FAIL,
		    "Install certificate and key of one request together.",
		    "%s is not the key of the certificate", path);
	else
		finding_ok(f, "%s is the key of the certificate", path);
	EVP_PKEY_free(key);
}

static void
check_time(const char *path, const X509 *x, struct findings *f)
{
	int days = 0, seconds = 0;

	if (X509_cmp_current_time(X509_get0_notBefore(x)) > 0)
		finding_bad(f, VERDICT_FAIL, "Look at the clock, or wait.",
		    "%s is not valid yet", path);
	if (ASN1_TIME_diff(&days, &seconds, NULL, X509_get0_notAfter(x)) != 1)
		return;
	if (days < 0 || seconds < 0)
		finding_bad(f, VERDICT_FAIL,
		    "Install a new one and `hopctl reload`.",
		    "%s has expired %d days ago", path, -days);
	else if (days < DAYS_SOON)
		finding_bad(f, VERDICT_WARN,
		    "Install a new one and `hopctl reload`.",
		    "%s expires in %d days", path, days);
	else
		finding_ok(f, "%s holds for %d days", path, days);
}

static bool
has_role(X509 *x, const char *role)
{
	GENERAL_NAMES *names =
	    X509_get_ext_d2i(x, NID_subject_alt_name, NULL, NULL);
	char want[64];
	bool found = false;
	int i;

	(void)snprintf(want, sizeof(want), URI "%s", role);
	for (i = 0; i < sk_GENERAL_NAME_num(names); i++) {
		const GENERAL_NAME *n = sk_GENERAL_NAME_value(names, i);
		const ASN1_STRING *s;

		if (n->type != GEN_URI)
			continue;
		s = n->d.uniformResourceIdentifier;
		found |=
		    (size_t)ASN1_STRING_length(s) == strlen(want) &&
		    memcmp(ASN1_STRING_get0_data(s), want, strlen(want)) == 0;
	}
	GENERAL_NAMES_free(names);
	return found;
}

static void
check_role_names(
    const struct doctor *d, const char *path, X509 *x, struct findings *f)
{
	static const struct {
		const char *program, *role;
	} roles[] = {{"hopmanagerd", "manager"}, {"hopdirectord", "director"},
	    {"hopfrontd", "frontend"}};
	size_t i;

	for (i = 0; i < 3; i++) {
		if (!roles_have(d, roles[i].program))
			continue;
		if (has_role(x, roles[i].role))
			finding_ok(
			    f, "%s names the role %s", path, roles[i].role);
		else
			finding_bad(f, VERDICT_FAIL,
			    "Make it anew with subjectAltName = "
			    "URI:hopscotch:role:ROLE for each role of the "
			    "host.",
			    "%s does not name the role %s: the others will "
			    "not talk to %s",
			    path, roles[i].role, roles[i].program);
	}
}

static void
check_ca(
    const struct doctor *d, const char *path, X509 *cert, struct findings *f)
{
	X509 *ca = read_cert(d, path, f);
	X509_STORE *store = X509_STORE_new();
	X509_STORE_CTX *ctx = X509_STORE_CTX_new();
	char name[HOST_PATH];

	if (ca != NULL && store != NULL && ctx != NULL &&
	    X509_STORE_load_locations(
		store, where(d, path, name, sizeof(name)), NULL) == 1 &&
	    X509_STORE_CTX_init(ctx, store, cert, NULL) == 1) {
		/* Times are told apart from signatures, above. */
		X509_VERIFY_PARAM_set_flags(
		    X509_STORE_CTX_get0_param(ctx), X509_V_FLAG_NO_CHECK_TIME);
		if (X509_verify_cert(ctx) == 1)
			finding_ok(f, "%s has signed the certificate", path);
		else
			finding_bad(f, VERDICT_FAIL,
			    "cert= has to be signed by ca=, and all hosts "
			    "need the same ca.",
			    "the certificate is not good by %s: %s", path,
			    X509_verify_cert_error_string(
				X509_STORE_CTX_get_error(ctx)));
		check_time(path, ca, f);
	}
	X509_STORE_CTX_free(ctx);
	X509_STORE_free(store);
	X509_free(ca);
}

void
check_certs(const struct doctor *d, struct findings *f)
{
	const struct tls *t = d->w != NULL ? d->w->tls : NULL;
	X509 *cert;

	f->area = "certificates";
	if (t == NULL)
		return; /* unix sockets and loopback need none */
	cert = read_cert(d, t->cert, f);
	if (cert == NULL)
		return;
	check_time(t->cert, cert, f);
	check_key(d, t->key, cert, f);
	check_ca(d, t->ca, cert, f);
	check_role_names(d, t->cert, cert, f);
	X509_free(cert);
}
