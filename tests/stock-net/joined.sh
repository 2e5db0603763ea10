# SPDX-License-Identifier: GPL-2.0-or-later
# joined.sh: runs in the emulated machine, whose NIC is a port of hvlab's switch.
. "${0%/*}/common.sh"
count=2

"$IP" link set eth0 up
"$IP" address add 10.0.0.99/24 dev eth0
check 'the machine pings a guest' "$PING" -c 5 -w 60 10.0.0.1
"$CURL" -s --max-time 60 -o /fetched http://10.0.0.1/bytes/1048576
letters $((1 << 20)) >/expected
check 'it fetches 1 MB from a guest, intact' same /fetched /expected
