# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
#
# Certificates for a test. Sourced. They are made in the directory $tls.
#
#	tls_authority NAME		NAME.key and NAME.crt
#	tls_certificate NAME CA DAYS ROLE...   the same, signed by CA

tls_key=(-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes)

tls_authority()
{
	# shellcheck disable=SC2154 # of who sources this
	openssl req -x509 "${tls_key[@]}" -keyout "$tls/$1.key" \
	    -out "$tls/$1.crt" -subj "/CN=$1" -days 2 2>/dev/null &&
	    chmod 600 "$tls/$1.key"
}

tls_certificate()
{
	local file=$tls/$1 name=$1 ca=$tls/$2 days=$3 names

	shift 3
	names=$(printf 'URI:hopscotch:role:%s,' "$@")
	openssl req -new "${tls_key[@]}" -keyout "$file.key" \
	    -out "$file.csr" -subj "/CN=$name" 2>/dev/null &&
	    openssl x509 -req -in "$file.csr" -CA "$ca.crt" -CAkey "$ca.key" \
	    -CAcreateserial -days "$days" -out "$file.crt" \
	    -extfile <(echo "subjectAltName=${names%,}") 2>/dev/null &&
	    chmod 600 "$file.key"
}
