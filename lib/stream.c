/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A socket with or without TLS behind two functions. Owns descriptor and SSL
 * object. Knows nothing of events: the caller waits.
 */
#include "lib/stream.h"

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/mem.h"
#include "lib/role.h"

#define ROLE_URI "hopscotch:role:"

#define KEY_FILE_MAX 65536

struct stream_tls {
	LIST_ENTRY(stream_tls) link;
	SSL_CTX *ctx;
	bool accepting;
};

/* All that hold keys: stream_forget(). */
static struct {
	LIST_HEAD(, stream_tls) tls;
	LIST_HEAD(, stream) streams;
} self;

/* libcrypto's memory. */

static void *
memory_new(size_t n, const char *file, int line)
{
	(void)file;
	(void)line;
	return malloc(n);
}

static void
memory_free(void *p, const char *file, int line)
{
	(void)file;
	(void)line;
	if (p != NULL)
		explicit_bzero(p, malloc_usable_size(p));
	free(p);
}

static void *
memory_resize(void *p, size_t n, const char *file, int line)
{
	size_t had = p != NULL ? malloc_usable_size(p) : 0;
	void *more = n > 0 ? malloc(n) : NULL;

	if (more == NULL && n > 0)
		return NULL;
	if (p != NULL && more != NULL)
		memcpy(more, p, had < n ? had : n);
	memory_free(p, file, line);
	return more;
}

void
stream_wipe_memory(void)
{
	/* It says no if it is too late: no reason not to start. */
	(void)CRYPTO_set_mem_functions(memory_new, memory_resize, memory_free);
}

/* The oldest error of OpenSSL's list in plain words; empties the list. */
static void
ssl_why(const char *what, char *why, size_t size)
{
	unsigned long e = ERR_get_error();
	const char *reason = e != 0 ? ERR_reason_error_string(e) : NULL;

	if (reason == NULL && e != 0 && ERR_GET_LIB(e) == ERR_LIB_SYS)
		reason = strerror((int)ERR_GET_REASON(e));
	(void)snprintf(
	    why, size, "%s: %s", what, reason != NULL ? reason : "failed");
	ERR_clear_error();
}

/* What is wrong with the file of a key, or 0. */
static int
check_key(int fd, const char *key, char *why, size_t size)
{
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		(void)snprintf(
		    why, size, "key file %s: %s", key, strerror(errno));
	else if (!S_ISREG(st.st_mode)) /* a pipe could be waited for */
		(void)snprintf(
		    why, size, "key file %s is not a regular file", key);
	else if ((st.st_mode & 077) != 0)
		(void)snprintf(why, size,
		    "key file %s can be read by others (mode %04o); chmod "
		    "0600 it",
		    key, (unsigned)(st.st_mode & 07777));
	else if (st.st_size > KEY_FILE_MAX)
		(void)snprintf(
		    why, size, "key file %s has more than 64 KiB", key);
	else
		return 0;
	return -1;
}

/* Nobody is there to be asked for one. */
static int
no_password(char *buf, int size, int writing, void *arg)
{
	(void)buf;
	(void)size;
	(void)writing;
	(void)arg;
	return -1;
}

static EVP_PKEY *
key_of(int fd)
{
	char text[KEY_FILE_MAX];
	ssize_t n = read(fd, text, sizeof(text));
	BIO *bio = n > 0 ? BIO_new_mem_buf(text, (int)n) : NULL;
	EVP_PKEY *key = NULL;

	if (bio != NULL)
		key = PEM_read_bio_PrivateKey(bio, NULL, no_password, NULL);
	BIO_free(bio);
	explicit_bzero(text, sizeof(text));
	return key;
}

/* -1, or the open file: what is looked at is what is read. */
static int
open_key(const char *file, char *why, size_t size)
{
	int fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	if (check_key(fd, file, why, size) == 0)
		return fd;
	if (fd >= 0)
		(void)close(fd);
	return -1;
}

static int
load_key(SSL_CTX *ctx, int fd)
{
	EVP_PKEY *key = key_of(fd);
	int ok = key != NULL ? SSL_CTX_use_PrivateKey(ctx, key) : 0;

	EVP_PKEY_free(key);
	return ok;
}

static int
load_files(SSL_CTX *ctx, const struct tls *t, char *why, size_t size)
{
	int fd = open_key(t->key, why, size);
	char what[512];

	if (fd < 0)
		return -1;
	(void)snprintf(what, sizeof(what), "CA file %s", t->ca);
	if (SSL_CTX_load_verify_locations(ctx, t->ca, NULL) != 1)
		goto out;
	(void)snprintf(what, sizeof(what), "certificate file %s", t->cert);
	if (SSL_CTX_use_certificate_chain_file(ctx, t->cert) != 1)
		goto out;
	(void)snprintf(what, sizeof(what), "key file %s", t->key);
	if (load_key(ctx, fd) != 1)
		goto out;
	(void)close(fd);
	return 0;
out:
	(void)close(fd);
	ssl_why(what, why, size);
	return -1;
}

struct stream_tls *
stream_tls_new(const struct tls *t, bool accepting, char *why, size_t size)
{
	struct stream_tls *s;
	SSL_CTX *ctx =
	    SSL_CTX_new(accepting ? TLS_server_method() : TLS_client_method());

	if (ctx == NULL) {
		ssl_why("TLS", why, size);
		return NULL;
	}
	(void)SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION);
	(void)SSL_CTX_set_options(
	    ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_TICKET);
	(void)SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	(void)SSL_CTX_set_mode(ctx, SSL_MODE_ENABLE_PARTIAL_WRITE |
					SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
					SSL_MODE_RELEASE_BUFFERS);
	SSL_CTX_set_verify(
	    ctx, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
	if (load_files(ctx, t, why, size) < 0) {
		SSL_CTX_free(ctx);
		return NULL;
	}
	s = mem_new(sizeof(*s));
	s->ctx = ctx;
	s->accepting = accepting;
	LIST_INSERT_HEAD(&self.tls, s, link);
	return s;
}

void
stream_tls_free(struct stream_tls **t)
{
	if (*t == NULL)
		return;
	LIST_REMOVE(*t, link);
	SSL_CTX_free((*t)->ctx);
	free(*t);
	*t = NULL;
}

void
stream_forget(void)
{
	struct stream_tls *t;
	struct stream *s;

	/* The last one that refers to a key has libcrypto wipe it. None of it
	 * says anything to the other side: that is the parent's. */
	LIST_FOREACH(s, &self.streams, link)
	SSL_free(s->ssl);
	LIST_FOREACH(t, &self.tls, link)
	SSL_CTX_free(t->ctx);
	LIST_INIT(&self.streams);
	LIST_INIT(&self.tls);
}

void
stream_open_take(struct stream *s, int fd, const struct stream_tls *tls)
{
	*s = (struct stream){.fd = fd};
	if (tls == NULL)
		return;
	s->ssl = SSL_new(tls->ctx);
	if (s->ssl == NULL || SSL_set_fd(s->ssl, fd) != 1)
		abort(); /* no memory */
	LIST_INSERT_HEAD(&self.streams, s, link);
	if (tls->accepting)
		SSL_set_accept_state(s->ssl);
	else
		SSL_set_connect_state(s->ssl);
}

void
stream_close(struct stream *s)
{
	if (s->ssl != NULL) {
		LIST_REMOVE(s, link);
		ERR_clear_error();
		if (SSL_is_init_finished(s->ssl))
			(void)SSL_shutdown(s->ssl); /* one try, no waiting */
		SSL_free(s->ssl);
		ERR_clear_error();
	}
	if (s->fd >= 0)
		(void)close(s->fd);
	*s = (struct stream){.fd = -1};
}

/* Why a TLS handshake or record failed. */
static void
tls_why(struct stream *s, char *why, size_t size)
{
	long verify = SSL_get_verify_result(s->ssl);

	if (verify == X509_V_OK) {
		ssl_why("TLS", why, size);
		return;
	}
	(void)snprintf(why, size, "TLS: their certificate: %s",
	    X509_verify_cert_error_string(verify));
	ERR_clear_error();
}

/* After SSL_read() or SSL_write() gave r <= 0. */
static ssize_t
tls_result(struct stream *s, int r, bool *other, char *why, size_t size)
{
	int err = errno;

	switch (SSL_get_error(s->ssl, r)) {
	case SSL_ERROR_WANT_READ:
	case SSL_ERROR_WANT_WRITE:
		*other = SSL_want(s->ssl) ==
			 (other == &s->wants_write ? SSL_WRITING : SSL_READING);
		errno = EAGAIN;
		return -1;
	case SSL_ERROR_ZERO_RETURN:
		return 0;
	case SSL_ERROR_SYSCALL:
		ERR_clear_error();
		if (err == 0)
			return 0;
		(void)snprintf(why, size, "%s", strerror(err));
		errno = err;
		return -1;
	default:
		tls_why(s, why, size);
		errno = EPROTO;
		return -1;
	}
}

ssize_t
stream_read(struct stream *s, void *buf, size_t n, char *why, size_t size)
{
	ssize_t r;
	int got;

	if (s->ssl == NULL) {
		r = recv(s->fd, buf, n, 0);
		if (r < 0 && errno == EINTR)
			errno = EAGAIN;
		if (r < 0)
			(void)snprintf(why, size, "%s", strerror(errno));
		return r;
	}
	ERR_clear_error();
	errno = 0;
	s->wants_write = false;
	got = SSL_read(s->ssl, buf, (int)n);
	return got > 0 ? got : tls_result(s, got, &s->wants_write, why, size);
}

ssize_t
stream_write(
    struct stream *s, const void *buf, size_t n, char *why, size_t size)
{
	ssize_t r;
	int put;

	if (s->ssl == NULL) {
		r = send(s->fd, buf, n, MSG_NOSIGNAL);
		if (r < 0 && errno == EINTR)
			errno = EAGAIN;
		if (r < 0)
			(void)snprintf(why, size, "%s", strerror(errno));
		return r;
	}
	ERR_clear_error();
	errno = 0;
	s->wants_read = false;
	put = SSL_write(s->ssl, buf, (int)(n < 1 << 20 ? n : 1 << 20));
	return put > 0 ? put : tls_result(s, put, &s->wants_read, why, size);
}

bool
stream_pending(const struct stream *s)
{
	return s->ssl != NULL && SSL_pending(s->ssl) > 0;
}

/* The role of one name of a certificate, or 0. */
static unsigned
name_role(const GENERAL_NAME *name)
{
	const ASN1_IA5STRING *uri;
	char text[64];
	enum peer_role role;
	int len;

	if (name->type != GEN_URI)
		return 0;
	uri = name->d.uniformResourceIdentifier;
	len = ASN1_STRING_length(uri);
	if (len <= 0 || (size_t)len >= sizeof(text))
		return 0;
	memcpy(text, ASN1_STRING_get0_data(uri), (size_t)len);
	text[len] = '\0';
	if (strlen(text) != (size_t)len ||
	    strncmp(text, ROLE_URI, sizeof(ROLE_URI) - 1) != 0 ||
	    role_parse(text + sizeof(ROLE_URI) - 1, &role) < 0)
		return 0;
	return role;
}

unsigned
stream_roles(const struct stream *s)
{
	X509 *cert;
	GENERAL_NAMES *names;
	unsigned roles = 0;
	int i;

	if (s->ssl == NULL)
		return ROLE_ANY;
	cert = SSL_get1_peer_certificate(s->ssl);
	if (cert == NULL)
		return 0;
	names = X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL);
	for (i = 0; i < sk_GENERAL_NAME_num(names); i++)
		roles |= name_role(sk_GENERAL_NAME_value(names, i));
	GENERAL_NAMES_free(names);
	X509_free(cert);
	return roles;
}
