#!/bin/sh
# Nothing is asked when it is installed; this is here so that the question of the
# removal is known.
set -e
. /usr/share/debconf/confmodule
db_version 2.0
