# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
#
# A plain content server: nginx as one process in the foreground. Sourced.
#
#	web_conf DIR		DIR/nginx.conf; what stands on standard input
#				is its http block
#	start ... nginx -e stderr -c DIR/nginx.conf

web_conf()
{
	local a

	mkdir -p "$1/tmp"
	{
		echo "daemon off; master_process off; pid $1/nginx.pid;"
		echo "error_log stderr error; events { worker_connections 2000; }"
		echo "http { access_log off;"
		for a in client_body proxy fastcgi uwsgi scgi; do
			echo "${a}_temp_path $1/tmp;"
		done
		cat
		echo "}"
	} >"$1/nginx.conf"
}
