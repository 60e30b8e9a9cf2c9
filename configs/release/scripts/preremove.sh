#!/bin/sh
# dpkg calls it with `remove` or `upgrade`, rpm with 0 (removal) or 1 (upgrade).
set -e

case "$1" in
remove | 0) ;;
*) exit 0 ;;
esac
if [ -d /run/systemd/system ]; then
	systemctl disable --now tracktik-sync.timer tracktik-sync-events.timer || true
	for timer in $(systemctl list-units --all --plain --no-legend --full 'tracktik-sync@*.timer' | cut -d ' ' -f 1); do
		systemctl disable --now "$timer" || true
	done
	systemctl stop tracktik-sync.service tracktik-sync-events.service 'tracktik-sync@*.service' || true # what is in flight is recorded
fi
