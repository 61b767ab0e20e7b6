package org.zebralm.train;

/// How a group of parameters follows its gradients.
sealed interface UpdateRule permits AdamW, Muon {
    /// Moves the masters; `update` counts the updates of the run, from 1.
    void update(long update, double learningRate);
}
