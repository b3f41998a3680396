/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A socket with or without TLS behind two functions. Owns descriptor and SSL
 * object. Knows nothing of events: the caller waits.
 */
#include "lib/stream.h"

#include <errno.h>
#include <openssl/err.h>
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

struct stream_tls {
	SSL_CTX *ctx;
	bool accepting;
};

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

static int
check_key_mode(const char *key, char *why, size_t size)
{
	struct stat st;

	if (stat(key, &st) < 0) {
		(void)snprintf(
		    why, size, "key file %s: %s", key, strerror(errno));
		return -1;
	}
	/* Reading a pipe could wait for ever. */
	if (!S_ISREG(st.st_mode)) {
		(void)snprintf(
		    why, size, "key file %s is not a regular file", key);
		return -1;
	}
	if ((st.st_mode & 077) == 0)
		return 0;
	(void)snprintf(why, size,
	    "key file %s can be read by others (mode %04o); chmod 0600 it", key,
	    (unsigned)(st.st_mode & 07777));
	return -1;
}

static int
load_files(SSL_CTX *ctx, const struct tls *t, char *why, size_t size)
{
	char what[512];

	if (check_key_mode(t->key, why, size) < 0)
		return -1;
	(void)snprintf(what, sizeof(what), "CA file %s", t->ca);
	if (SSL_CTX_load_verify_locations(ctx, t->ca, NULL) != 1)
		goto out;
	(void)snprintf(what, sizeof(what), "certificate file %s", t->cert);
	if (SSL_CTX_use_certificate_chain_file(ctx, t->cert) != 1)
		goto out;
	(void)snprintf(what, sizeof(what), "key file %s", t->key);
	if (SSL_CTX_use_PrivateKey_file(ctx, t->key, SSL_FILETYPE_PEM) == 1)
		return 0;
out:
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
	return s;
}

void
stream_tls_free(struct stream_tls **t)
{
	if (*t == NULL)
		return;
	SSL_CTX_free((*t)->ctx);
	free(*t);
	*t = NULL;
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
	if (tls->accepting)
		SSL_set_accept_state(s->ssl);
	else
		SSL_set_connect_state(s->ssl);
}

void
stream_close(struct stream *s)
{
	if (s->ssl != NULL) {
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
