package org.zebralm.tensor;

import org.bytedeco.pytorch.global.torch;

/// Where a tensor's memory is: the CPU, or a CUDA device by number.
public record Device(Kind kind, int index) {
    public enum Kind {
        CPU,
        CUDA
    }

    public static final Device CPU = new Device(Kind.CPU, 0);

    public Device {
        if (index < 0) {
            throw new IllegalArgumentException("a device's index must not be negative: got " + index);
        }
    }

    /// Returns the CUDA device with this number.
    public static Device cuda(int index) {
        return new Device(Kind.CUDA, index);
    }

    /// Reads `cpu`, `cuda` or `cuda:1`, and checks that such a device is there.
    public static Device parse(String text) {
        if (text.equals("cpu")) {
            return CPU;
        }
        if (!text.matches("cuda(:\\d{1,3})?")) {
            throw new IllegalArgumentException("device must be cpu, cuda or cuda:N: got " + text);
        }
        Torch.load();
        int index = text.length() == 4 ? 0 : Integer.parseInt(text.substring(5));
        int count = torch.cuda_is_available() ? (int) torch.cuda_device_count() : 0;
        if (index >= count) {
            throw new IllegalArgumentException("device " + text + " is not there: libtorch sees " + count
                    + " CUDA devices (a CUDA build is needed: -Plinux-x86_64-gpu)");
        }
        return cuda(index);
    }

    @Override
    public String toString() {
        return kind == Kind.CPU ? "cpu" : "cuda:" + index;
    }

    org.bytedeco.pytorch.Device torchDevice() {
        return kind == Kind.CPU
                ? new org.bytedeco.pytorch.Device(torch.DeviceType.CPU)
                : new org.bytedeco.pytorch.Device(torch.DeviceType.CUDA, (byte) index);
    }
}
