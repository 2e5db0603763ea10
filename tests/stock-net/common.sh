# SPDX-License-Identifier: GPL-2.0-or-later
# common.sh: what the scripts in the emulated machine share. Each sets `count`, the number of its
# checks, after this. What is not busybox's own is called by its path.
"$BUSYBOX" mkdir -p /bin /var/run /run /etc
echo root:x:0:0::/:/bin/sh >/etc/passwd
echo root:x:0: >/etc/group
"$BUSYBOX" --install -s /bin
export PATH=/usr/sbin:/sbin:/usr/bin:/bin
at=0

# check NAME COMMAND...: one line of TAP, and what the command printed.
check() {
    at=$((at + 1))
    [ $at != 1 ] || echo "1..$count"
    name=$1
    shift
    if "$@" >/check.out 2>&1; then echo "ok $at - $name"; else echo "not ok $at - $name"; fi
    sed 's/^/# /' /check.out
}

same() {
    ls -l "$1" "$2"
    cmp "$1" "$2"
}

# letters N: N bytes, a to z over and over, as the guests' http server sends them.
letters() {
    yes abcdefghijklmnopqrstuvwxyz | tr -d '\n' | head -c "$1"
}

# lost INTERFACE: has netem dropped any?
lost() {
    "$TC" -s qdisc show dev "$1"
    "$TC" -s qdisc show dev "$1" | grep -q 'dropped [1-9]'
}
