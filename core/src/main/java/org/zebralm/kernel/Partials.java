package org.zebralm.kernel;

/// Results of key pieces whose rows were split among tasks, until they are put together.
///
/// A record per (piece, row, head): the maximum in units of log 2, the sum, and the output not yet divided by
/// it. Grown once, used again.
final class Partials {
    private float[] records = new float[0];
    private int size;

    /// Makes room for records of heads of `padded` floats.
    void reserve(int numRecords, int padded) {
        size = padded + 2;
        int needed = Math.multiplyExact(numRecords, size);
        if (records.length < needed) {
            records = new float[needed];
        }
    }

    void put(int record, float maximum, float sum, float[] w, int output, int apart, int width) {
        int at = record * size;
        records[at] = maximum;
        records[at + 1] = sum;
        for (int d = 0; d < width; d++) {
            records[at + 2 + d] = w[output + d * apart];
        }
    }

    /// Puts the pieces of a run's rows together, always in the order of the pieces.
    record Join(ForwardCall call, KeyRun run, int firstRecord, int pieces) implements CpuPool.Task {
        @Override
        public void run(CpuPool.Workspace workspace) {
            float[] w = workspace.floats;
            for (int row = 0; row < run.numRows(); row++) {
                for (int head = 0; head < call.queries().heads(); head++) {
                    join(w, row, head);
                }
            }
        }

        private void join(float[] w, int row, int head) {
            Partials partials = call.partials();
            float[] records = partials.records;
            int heads = call.queries().heads();
            int width = call.width();
            int apart = run.numRows() * heads * partials.size;
            int first = (firstRecord + row * heads + head) * partials.size;
            float maximum = records[first];
            for (int i = 1; i < pieces; i++) {
                maximum = Math.max(maximum, records[first + i * apart]);
            }
            TileSoftmax.fill(w, 0, width, 0);
            double sum = 0;
            for (int i = 0; i < pieces; i++) {
                int at = first + i * apart;
                // A piece that a row saw nothing of holds sums of hidden scores; its factor is exactly zero.
                float factor = (float) Math.pow(2, records[at] - maximum);
                sum += (double) factor * records[at + 1];
                for (int d = 0; d < width; d++) {
                    w[d] += factor * records[at + 2 + d];
                }
            }
            call.out().write(w, 0, width, (float) (1 / sum), run.firstRow() + row, 1, head);
            call.writeLogSumExp(run.firstRow() + row, head, maximum, sum);
        }
    }
}
