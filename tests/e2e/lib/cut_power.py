"""Cuts the power of an ext4 file system: from now on nothing reaches its device, the log included.

usage: cut_power.py MOUNTPOINT   (root only; the file system has to be unmounted afterwards)
"""

import fcntl
import os
import struct
import sys

EXT4_IOC_SHUTDOWN = 0x8004587D  # _IOR('X', 125, __u32), linux/fs/ext4/ext4.h
NO_LOG_FLUSH = 2  # EXT4_GOING_FLAGS_NOLOGFLUSH


def main():
    folder = os.open(sys.argv[1], os.O_RDONLY)
    try:
        fcntl.ioctl(folder, EXT4_IOC_SHUTDOWN, struct.pack("I", NO_LOG_FLUSH))
    finally:
        os.close(folder)


if __name__ == "__main__":
    main()
