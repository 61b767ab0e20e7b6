package org.zebralm.bench;

import org.zebralm.kernel.Span;

/// What a call took at one length, and by that about what it will take at another.
record Forecast(Implementation implementation, AttentionCase measured, double seconds) {
    /// Returns the expected seconds of a call; right up to how well a longer sequence uses the machine.
    double of(AttentionCase attention) {
        return seconds * work(attention) / work(measured);
    }

    /// What an implementation's time grows with. libtorch computes all pairs of a masked layer.
    private double work(AttentionCase attention) {
        boolean masked = implementation == Implementation.TORCH
                && attention.pass() != Pass.DECODE
                && attention.span() instanceof Span.Local;
        return masked ? (double) attention.length() * attention.length() : attention.flops();
    }
}
