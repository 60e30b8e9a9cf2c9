#!/bin/sh
# dpkg calls it with `remove` or `upgrade`, rpm with 0 (removal) or 1 (upgrade).
set -e

case "$1" in
remove | 0) ;;
*) exit 0 ;;
esac
if [ -d /run/systemd/system ]; then
	systemctl disable --now tracktik-sync.timer tracktik-sync-events.timer || true
	systemctl stop tracktik-sync.service tracktik-sync-events.service || true # what is in flight is recorded
fi
