#!/bin/sh
# Hook cmdline: claims the root, and asks whatever network dracut was built with for DHCP on the boot interface.

. /lib/catboat-lib.sh

if [ -n "$(getarg imgurl=)" ]; then
    # dracut stops when nobody claims root=.
    root=catboat
    rootok=1
    say "kernel $(uname -r 2> /dev/null || cut -d' ' -f3 /proc/version), node '$(getarg NODE=)'"
    name=$(getarg NODE=)
    [ -n "$name" ] && echo "$name" > /proc/sys/kernel/hostname

    mac=$(boot_mac)
    device=$(getarg netdev=)
    if [ -z "$(getarg ip=)" ]; then
        {
            echo "rd.neednet=1"
            # dhclient gives up after a minute; a DHCP server may be away for longer.
            echo "rd.net.dhcp.retry=1000000"
            if [ -n "$mac" ] && [ -x /sbin/dhclient-script ]; then
                echo "ip=$(echo "$mac" | tr : -):dhcp"
            elif [ -n "$device" ]; then
                echo "ip=$device:dhcp"
            else
                echo "ip=dhcp"
            fi
        } > /etc/cmdline.d/50-catboat.conf
        # systemd-network-generator reads only the real kernel line, so networkd gets its file from here.
        if [ -e /usr/lib/systemd/systemd-networkd ] || [ -e /lib/systemd/systemd-networkd ]; then
            mkdir -p /run/systemd/network
            {
                echo "[Match]"
                if [ -n "$mac" ]; then
                    echo "MACAddress=$mac"
                elif [ -n "$device" ]; then
                    echo "Name=$device"
                else
                    echo "Type=ether"
                fi
                printf '%s\n' "[Network]" "DHCP=ipv4" "KeepConfiguration=dhcp-on-stop" "LinkLocalAddressing=no" \
                    "IPv6AcceptRA=no" "[DHCPv4]" "ClientIdentifier=mac" "UseHostname=no"
            } > /run/systemd/network/20-catboat.network
        fi
    fi
    # The initqueue is done when the root image stands, however long that takes.
    # shellcheck disable=SC2154
    echo '[ -e /run/catboat/ready ]' > "$hookdir/initqueue/finished/catboat.sh"
elif [ -z "$(getarg root=)" ]; then
    say "no imgurl= on the kernel command line: nothing to boot: run 'nodeset NODE osimage=IMAGE' on the management node"
fi
