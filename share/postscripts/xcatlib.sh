# Functions that xcatpostinit1 and xcatdsklspost share. POSIX shell; needs wget or curl.

INFO=/opt/xcat/xcatinfo
LOG=/var/log/xcat/xcat.log

mkdir -p /var/log/xcat

log() {
    printf '%s %s\n' "$(date '+%Y-%m-%d %H:%M:%S')" "$*" >> "$LOG"
    logger -t xcat -p local4.info -- "$*" 2> /dev/null
}

# kernel_argument NAME: the last value of NAME= on the kernel command line.
kernel_argument() {
    tr ' ' '\n' < /proc/cmdline | sed -n "s/^$1=//p" | tail -n 1
}

# info NAME: a value of xcatinfo.
info() {
    [ -r "$INFO" ] && sed -n "s/^$1=//p" "$INFO" | tail -n 1 | tr -d "'\""
}

# set_info NAME VALUE
set_info() {
    touch "$INFO"
    { grep -v "^$1=" "$INFO"; echo "$1=$2"; } > "$INFO.new"
    mv "$INFO.new" "$INFO"
}

# host_of URL
host_of() {
    echo "$1" | sed -n 's,^https*://\([^/]*\).*,\1,p'
}

# Candidates for the management or service node, each HOST[:PORT] on its line: what an earlier run found, what the kernel
# command line says, where the root image came from, who answered DHCP.
servers() {
    {
        info XCATSERVER
        kernel_argument XCAT | sed 's/:.*//'
        host_of "$(kernel_argument imgurl)"
        cat /run/systemd/netif/leases/* 2> /dev/null | sed -n 's/^SERVER_ADDRESS=//p'
        sed -n 's/.*dhcp-server-identifier \([0-9.]*\);.*/\1/p' /var/lib/dhcp/*.lease* /var/lib/dhclient/*.lease* 2> /dev/null
    } | sed '/^$/d' | awk '!seen[$0]++'
}

http_port() {
    port=$(kernel_argument XCATHTTPPORT)
    [ -n "$port" ] || port=$(info HTTPPORT)
    echo "${port:-80}"
}

# with_port HOST[:PORT]
with_port() {
    case $1 in
    *:*) echo "$1" ;;
    *) echo "$1:$(http_port)" ;;
    esac
}

# fetch URL FILE: 0 fetched, 1 not there, 2 no answer.
fetch() {
    if command -v curl > /dev/null; then
        code=$(curl -s -o "$2" -w '%{http_code}' --connect-timeout 5 "$1") || { rm -f "$2"; return 2; }
        [ "$code" = 200 ] && return 0
    else
        wget -q -T 10 -t 1 -O "$2" "$1"
        code=$?
        [ $code = 0 ] && return 0
        [ $code = 4 ] && { rm -f "$2"; return 2; }
    fi
    rm -f "$2"
    return 1
}

# report_status LINE: tells the management node's status port how far this node is. The protocol: the server says "ready",
# we say the line, the server says "done". Needs bash for its sockets; without an answer the boot goes on.
report_status() {
    case " $(cat /proc/cmdline) " in
    *" nonodestatus "*) return 0 ;;
    esac
    command -v bash > /dev/null || return 0
    host=$(servers | sed 's/:.*//;q')
    [ -n "$host" ] || return 0
    if timeout 8 bash -c '
        exec 3<> "/dev/tcp/$0/3002" || exit 1
        read -r -t 3 word <&3 && [ "$word" = ready ] || exit 1
        printf "%s\n" "$1" >&3
        read -r -t 3 word <&3 && [ "$word" = done ]
    ' "$host" "$1" 2> /dev/null; then
        log "status reported to $host: $1"
    else
        log "status not reported, $host does not listen: $1"
    fi
}
