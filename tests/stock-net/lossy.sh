# SPDX-License-Identifier: GPL-2.0-or-later
# lossy.sh: runs in the emulated machine. A guest's switch and Linux, joined by a TAP interface on
# a bridge; netem loses 2 % of the frames on the way to the guests, and 2 % on the way back.
. "${0%/*}/common.sh"
count=7

"$IP" link set lo up
"$IP" link add br0 type bridge
"$IP" tuntap add mode tap tap0
"$IP" link add eth0 type veth peer name eth1
"$IP" link set tap0 master br0
"$IP" link set eth1 master br0
"$IP" address add 10.0.0.254/24 dev eth0
"$TC" qdisc add dev tap0 root netem loss 2%
"$TC" qdisc add dev eth1 root netem loss 2%
for name in br0 tap0 eth1 eth0; do "$IP" link set $name up; done

mkdir -p /www
letters $((1 << 20)) >/www/file
httpd -p 8000 -h /www
"$DNSMASQ" --no-resolv --no-hosts --port=0 --interface=eth0 --bind-interfaces --user=root \
    --dhcp-range=10.0.0.50,10.0.0.60,255.255.255.0,1h --dhcp-authoritative --leasefile-ro \
    --conf-file=/dev/null --pid-file=
"$HVLAB" run --backend=emulated --uplink net0=tap:tap0 /scenario.json >/run.out 2>&1 &

check 'Linux pings a guest' "$PING" -c 10 -w 30 10.0.0.1
"$CURL" -s --max-time 60 -o /fetched http://10.0.0.1/bytes/1048576
check 'curl fetches 1 MB from a guest, intact' same /fetched /www/file
wait $!
check 'the run ended well' [ $? = 0 ]
says=$("$CKSUM" </www/file)
check 'a guest fetches 1 MB from an HTTP server, intact' \
    grep "get: status 200, 1048576 bytes, cksum ${says% *}\$" /run.out
check 'a guest gets its lease from dnsmasq' grep 'nic 0: BOUND, address 10.0.0.5' /run.out
check 'frames were lost on the way to the guests' lost tap0
check 'frames were lost on the way back' lost eth1
cat /run.out
