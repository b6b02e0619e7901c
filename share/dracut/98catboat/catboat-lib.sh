#!/bin/sh
# Shared by the scripts of this module: arguments, words for people, waits.

PATH=/usr/sbin:/usr/bin:/sbin:/bin
command -v getarg > /dev/null || . /lib/dracut-lib.sh

CATBOAT_RUN=/run/catboat
mkdir -p "$CATBOAT_RUN"

# Says one line on every console, in the journal, and in a log that the booted node keeps.
# (The kernel log alone would be hidden by "quiet".)
say() {
    local console line
    line="catboat: $*"
    for console in $(cat /sys/class/tty/console/active 2> /dev/null); do
        # A console that nobody reads must not stop the boot.
        [ -w "/dev/$console" ] && printf '%s\r\n' "$line" 2> /dev/null > "/dev/$console"
    done
    printf '%s\n' "$line" >> "$CATBOAT_RUN/boot.log"
    printf '%s\n' "$line"
}

# A number from 0 to $1 - 1.
random_below() {
    local number
    number=$(od -An -N2 -tu2 /dev/urandom | tr -d ' ')
    echo $((${number:-0} % $1))
}

# Waits before the next try. Waits grow from 2 to 120 seconds, and a quarter of each is drawn by lot, so
# that a thousand nodes do not come back to the server in the same second.
wait_before_retry() {
    local try=$1 seconds=2 step=1
    while [ "$step" -lt "$try" ] && [ "$seconds" -lt 120 ]; do
        seconds=$((seconds * 2))
        step=$((step + 1))
    done
    [ "$seconds" -gt 120 ] && seconds=120
    seconds=$((seconds + $(random_below $((seconds / 4 + 2)))))
    say "next try in $seconds seconds"
    sleep "$seconds"
}

# The MAC address that BOOTIF= or netdev= names, colons and lower case; empty when neither does.
boot_mac() {
    local value
    value=$(getarg BOOTIF= | tr 'A-F' 'a-f')
    case $value in
        ??-??-??-??-??-??-??) value=${value#??-} ;;
    esac
    case $value in
        ??-??-??-??-??-?? | ??:??:??:??:??:??) echo "$value" | tr - : ;;
    esac
}

# The name of the interface with MAC address $1.
interface_of_mac() {
    local folder address
    for folder in /sys/class/net/*; do
        read -r address < "$folder/address" 2> /dev/null || continue
        [ "$address" = "$1" ] && { echo "${folder##*/}"; return 0; }
    done
    return 1
}

# The interface that the node boots from: BOOTIF=, netdev=, else the first that has an address.
boot_interface() {
    local mac name
    mac=$(boot_mac)
    [ -n "$mac" ] && { interface_of_mac "$mac"; return; }
    name=$(getarg netdev=)
    [ -n "$name" ] && { [ -e "/sys/class/net/$name" ] && echo "$name"; return; }
    ip -o addr show up scope global | awk '$2 != "lo" { print $2; exit }'
}

# Whether interface $1 has an address that the outside can use.
has_address() {
    [ -n "$1" ] && [ -n "$(ip -o addr show dev "$1" up scope global 2> /dev/null)" ]
}
