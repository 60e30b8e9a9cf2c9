#!/bin/sh
# The snapshot says who is managed: without it the next installation writes nothing
# until everybody was matched anew. A purge asks before it goes, and keeps it when
# nobody answers.
set -e

if [ -d /run/systemd/system ]; then
	systemctl daemon-reload || true
fi
[ "$1" = purge ] || exit 0

answer=false
if [ -e /usr/share/debconf/confmodule ]; then
	. /usr/share/debconf/confmodule
	db_version 2.0
	db_fset tracktik-sync/remove-state seen false || true
	db_input high tracktik-sync/remove-state || true
	db_go || true
	db_get tracktik-sync/remove-state && answer=$RET
	db_purge
fi
state=/var/lib/tracktik-sync
if [ "$answer" = true ]; then
	# systemd keeps the directory of a dynamic user in private, behind a link.
	rm -rf "$state" /var/lib/private/tracktik-sync
elif [ -e "$state" ]; then
	echo "tracktik-sync: $state is kept, with the snapshot, its history and the tokens" >&2
fi
