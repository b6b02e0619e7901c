#!/bin/sh
# Hook initqueue/settled, sourced in dracut's main loop: fetches the root image once the boot interface has an address.

if [ ! -e /run/catboat/ready ]; then
    # shellcheck disable=SC2034 # dracut counts this up to its own time limit; a node waits as long as it takes.
    main_loop=0
    /sbin/catboat-root
fi
# network-legacy waits for the interface by the name that ip= gave it, a MAC address with dashes, and marks it by others.
if [ -e /run/catboat/ready ]; then
    . /lib/catboat-lib.sh
    : > "/tmp/net.$(boot_mac | tr : -).did-setup"
fi
