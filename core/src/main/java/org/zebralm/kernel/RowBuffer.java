package org.zebralm.kernel;

import org.zebralm.tensor.Tensor;

/// Rows of numbers that steps of a [RowProgram] hand to each other: `[rows, heads, width]` in float32.
public final class RowBuffer {
    private final Tensor all_RHW;
    private final RowView rows;
    private final RowView heads;

    RowBuffer(Tensor all_RHW) {
        this.all_RHW = all_RHW;
        rows = RowView.ofRows(all_RHW.reshape(all_RHW.size(0), all_RHW.size(1) * all_RHW.size(2)));
        heads = RowView.of(all_RHW);
    }

    /// Returns what is in it, `[rows, heads, width]`: read and written between runs.
    public Tensor tensor() {
        return all_RHW;
    }

    /// Returns all numbers of a row as one.
    RowView rows() {
        return rows;
    }

    RowView heads() {
        return heads;
    }

    /// Returns each head as a row of its own.
    RowView eachHead() {
        return new RowView(
                heads.address(),
                heads.headBytes(),
                heads.headBytes(),
                heads.tokens() * heads.heads(),
                1,
                heads.width(),
                Storage.FLOAT32,
                0,
                0,
                0);
    }
}
