#!/bin/bash
# Makes the traffic that the examples are shown on, and captures it.
#   usage: examples/traffic.sh [FOLDER]
# Three network namespaces: outside, a router, inside. traffic.pcap is what the
# router receives from outside, replies.pcap what it receives from inside; both
# go to FOLDER (examples/firewall by default). Needs root, on Debian installs
# the tools it lacks, leaves nothing behind, and takes half a minute.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
folder=$(cd "${1:-$here/firewall}" && pwd)

need=()
command -v ip >/dev/null || need+=(iproute2)
command -v tcpdump >/dev/null || need+=(tcpdump)
command -v ethtool >/dev/null || need+=(ethtool)
command -v ping >/dev/null || need+=(iputils-ping)
command -v python3 >/dev/null || need+=(python3)
if [ ${#need[@]} -gt 0 ]; then
	apt-get update -q
	DEBIAN_FRONTEND=noninteractive apt-get install -y -q "${need[@]}"
fi

out=skep-out-$$ gate=skep-gate-$$ in=skep-in-$$
pids=() tmp=$(mktemp -d)
finish() {
	for p in "${pids[@]}"; do kill "$p" 2>/dev/null || true; done
	wait
	for n in "$out" "$gate" "$in"; do ip netns del "$n" 2>/dev/null || true; done
	rm -rf "$tmp"
}
trap finish EXIT

for n in "$out" "$gate" "$in"; do
	ip netns add "$n"
	ip -n "$n" link set lo up
done
# wire NAMESPACE INTERFACE: connects the namespace's eth0 to the router's INTERFACE.
# Nothing may be left to hardware that is not there: checksums, segmentation.
wire() {
	ip link add eth0 netns "$1" type veth peer name "$2" netns "$gate"
	ip netns exec "$1" ethtool -K eth0 tx off tso off gso off gro off >/dev/null
	ip netns exec "$gate" ethtool -K "$2" tx off tso off gso off gro off >/dev/null
	ip -n "$1" link set eth0 up
	ip -n "$gate" link set "$2" up
}
wire "$out" outside
wire "$in" inside
addr() { ip -n "$1" addr add "$3" dev "$2" $([[ $3 == *:* ]] && echo nodad); }
addr "$gate" outside 198.51.100.1/24
addr "$gate" outside 203.0.113.1/24
addr "$gate" outside 2001:db8:1::1/64
addr "$gate" outside 2001:db8:bad::1/64
addr "$gate" inside 192.0.2.1/24
addr "$gate" inside 2001:db8:2::1/64
addr "$in" eth0 192.0.2.10/24
addr "$in" eth0 2001:db8:2::10/64
for h in 10 11 12 13 14 15 66 99; do addr "$out" eth0 "198.51.100.$h/24"; done
for h in 7 8; do addr "$out" eth0 "203.0.113.$h/24"; done
for h in 10 11 12 66; do addr "$out" eth0 "2001:db8:1::$h/64"; done
addr "$out" eth0 2001:db8:bad::7/64
ip netns exec "$gate" sh -c 'echo 1 >/proc/sys/net/ipv4/ip_forward; echo 1 >/proc/sys/net/ipv6/conf/all/forwarding'
ip -n "$in" route add default via 192.0.2.1
ip -n "$in" -6 route add default via 2001:db8:2::1
ip -n "$out" route add default via 198.51.100.1
ip -n "$out" -6 route add default via 2001:db8:1::1

ip netns exec "$in" python3 "$here/traffic.py" serve & pids+=($!)
for side in outside inside; do
	ip netns exec "$gate" tcpdump -i "$side" -Q in -n -U -B 8192 --time-stamp-precision=nano -w "$tmp/$side.pcap" 2>"$tmp/$side.log" & pids+=($!)
done
sleep 2
ip netns exec "$out" python3 "$here/traffic.py" ask
sleep 1
kill -INT "${pids[1]}" "${pids[2]}"
wait "${pids[1]}" "${pids[2]}" || true
cat "$tmp"/*.log >&2
mv "$tmp/outside.pcap" "$folder/traffic.pcap"
mv "$tmp/inside.pcap" "$folder/replies.pcap"
ls -l "$folder"/*.pcap
