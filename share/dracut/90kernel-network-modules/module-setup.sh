#!/bin/bash
# Stands in for dracut's module of the same name, which installs every network driver of the kernel
# (some 30 MB and 30 seconds). The drivers of a node's initramfs are an explicit list: see initrd-build(1).

check() {
    return 255
}

depends() {
    return 0
}

install() {
    return 0
}
