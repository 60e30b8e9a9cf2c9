#!/bin/sh
# dpkg calls it with `configure OLD-VERSION`, rpm with 1 (install) or more (upgrade).
set -e

# A purge may ask a question, which debconf has to know by then.
if [ "$1" = configure ] && [ -e /usr/share/debconf/confmodule ]; then
	. /usr/share/debconf/confmodule
fi
if [ -d /run/systemd/system ]; then
	systemctl daemon-reload || true
fi

first=no
case "$1" in
configure) [ -z "$2" ] && first=yes ;;
1) first=yes ;;
esac
[ "$first" = yes ] || exit 0

cat >&2 <<-'EOF'
	tracktik-sync is installed and does nothing yet. Next:
	  1. the addresses in /etc/tracktik-sync/tracktik-sync.yaml, and the secrets beside it,
	     owned by root, mode 0600: okta.pem, tracktik_client_secret, tracktik_password
	  2. tracktik-sync check && tracktik-sync plan
	  3. tracktik-sync state init && systemctl enable --now tracktik-sync.timer
	Until sync.mode is apply, nothing is written to TrackTik. The manual:
	/usr/share/doc/tracktik-sync/docs/README.md
EOF
