#!/bin/bash
# dracut module of Catboat: a node fetches its root image over HTTP, checks it and runs from memory.
# Built into the initramfs by initrd-build(1), which runs dracut inside the image with only the
# modules that a diskless node needs. Kernel keys: catboat-bootparams(5).

check() {
    require_binaries curl cpio gzip sha256sum tar || return 1
    return 255
}

depends() {
    echo base network
}

installkernel() {
    # initrd-build resolved these names against the image's modules.dep; a name that is missing is an error there.
    # shellcheck disable=SC2086
    [[ -z $CATBOAT_DRIVERS ]] || hostonly='' instmods -c $CATBOAT_DRIVERS
}

install() {
    inst_multiple awk bash cat chroot cpio curl cut date dd grep gzip head ip mkdir mkfifo mount mv od rm rmdir \
        sed sha256sum sleep sort tail tar tee timeout tr umount wc
    # What is missing here is what this initramfs cannot unpack; initrd-build records and says it.
    inst_multiple -o xz zstd setfattr losetup mount.nfs
    # The resolver of the C library and the certificates for https.
    inst_libdir_file "libnss_files.so.*" "libnss_dns.so.*" "libresolv.so.*"
    inst_simple /etc/nsswitch.conf
    local bundle
    for bundle in /etc/ssl/certs/ca-certificates.crt /etc/pki/tls/certs/ca-bundle.crt /etc/ssl/ca-bundle.pem; do
        [[ -e $dracutsysrootdir$bundle ]] && inst "$bundle"
    done
    [[ -x $moddir/catboat-setattr ]] && inst "$moddir/catboat-setattr" /sbin/catboat-setattr

    # Words that initrd-build was told to build in (--rootlimit, --nic).
    [[ -e $moddir/image.conf ]] && inst_simple "$moddir/image.conf" /etc/cmdline.d/10-catboat-image.conf

    inst_simple "$moddir/catboat-lib.sh" /lib/catboat-lib.sh
    inst_script "$moddir/catboat-root" /sbin/catboat-root
    inst_script "$moddir/catboat-handover" /sbin/catboat-handover
    inst_script "$moddir/catboat-status" /sbin/catboat-status
    # 20: before dracut's own network parsers (91 to 99) read what we add to the kernel line.
    inst_hook cmdline 20 "$moddir/catboat-cmdline.sh"
    inst_hook initqueue/settled 50 "$moddir/catboat-settled.sh"
    mkdir -p "$initdir/etc/cmdline.d" "$initdir/etc/systemd/network"
    dracut_need_initqueue
}
