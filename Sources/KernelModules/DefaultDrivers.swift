/// Drivers that an initramfs should have wherever a kernel has them.
public enum DefaultDrivers {
    /// Network cards of servers and virtual machines by architecture: xCAT's defaults, and what came after them.
    public static func network(_ architecture: String) -> [String] {
        let common = [
            "tg3", "bnx2", "bnx2x", "bnxt_en", "e1000e", "igb", "igc", "ixgbe", "i40e", "ice", "mlx4_en", "mlx5_core",
            "be2net", "virtio_net", "virtio_pci",
        ]
        return switch architecture {
        case "x86_64": common + ["e1000", "r8169", "vmxnet3", "hv_netvsc", "xen-netfront"]
        case "ppc64", "ppc64le": common + ["e1000", "ibmveth", "ibmvnic", "ehea"]
        case "s390x": ["qeth_l2", "qeth_l3", "virtio_net", "virtio_ccw", "mlx5_core"]
        case "aarch64": common + ["hns3", "thunder_nicvf", "xgene-enet", "atlantic"]
        default: common
        }
    }

    /// Today's name of a driver that lists of old sites name: renamed, or part of another one.
    public static func successor(of name: String) -> String? { ["mlx_en": "mlx4_en", "ext3": "ext4"][name] }
}
