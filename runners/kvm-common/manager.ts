/** Who runs the guests: libvirt, or nobody but QEMU. */
export type Manager = 'libvirt' | 'qemu';
