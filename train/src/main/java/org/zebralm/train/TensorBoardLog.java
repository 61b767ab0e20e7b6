package org.zebralm.train;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// What a run reported, as event files that TensorBoard opens: `tensorboard --logdir RUN`.
///
/// Each start of a run writes a file of its own, as TensorBoard's own writers do. What an interrupted run had
/// written after the step it goes on from is cut off the older files, and the new one says so to a TensorBoard
/// that has read it already. Values that are not finite are left out.
public final class TensorBoardLog implements TrainListener, AutoCloseable {
    /// TensorBoard reads a folder's files in the order of their names.
    private static final Pattern NAME = Pattern.compile("events\\.out\\.tfevents\\.(\\d{10})\\..*");

    private final Path folder;
    private final int step;
    private final InstantSource clock;
    private @Nullable EventFile file;
    private double gemmFlops = Double.NaN;

    private TensorBoardLog(Path folder, int step, InstantSource clock) {
        this.folder = folder;
        this.step = step;
        this.clock = clock;
    }

    /// Opens the log of a run that stands at `step`; a file is made when there is something to write.
    public static TensorBoardLog open(Path folder, int step) {
        return open(folder, step, InstantSource.system());
    }

    static TensorBoardLog open(Path folder, int step, InstantSource clock) {
        try {
            for (Path path : files(folder)) {
                EventFile.cutAfter(path, step);
            }
        } catch (IOException e) {
            throw cannotWrite(folder, e);
        }
        return new TensorBoardLog(folder, step, clock);
    }

    @Override
    public void onStart(RunStart start) {
        gemmFlops = start.gemmFlops();
    }

    @Override
    public void onStep(StepReport report) {
        List<EventMessage.Value> values = new ArrayList<>();
        for (Scalar scalar : Scalar.of(report, gemmFlops)) {
            values.add(new EventMessage.Value(scalar.tag(), scalar.value().doubleValue()));
        }
        if (report.skipped()) {
            values.add(new EventMessage.Value("train/skipped", 1));
        }
        append(report.step(), values);
    }

    @Override
    public void onValidation(int step, Validation validation) {
        List<EventMessage.Value> values = new ArrayList<>();
        values.add(new EventMessage.Value("validation/loss", validation.loss()));
        values.add(new EventMessage.Value("validation/perplexity", validation.perplexity()));
        for (Validation.Range range : validation.byPosition()) {
            values.add(new EventMessage.Value("validation_loss_by_position/" + range.label(), range.loss()));
            values.add(new EventMessage.Value("perplexity_by_position/" + range.label(), range.perplexity()));
        }
        append(step, values);
    }

    private void append(int at, List<EventMessage.Value> values) {
        double time = clock.millis() / 1e3;
        List<EventMessage.Value> finite =
                values.stream().filter(value -> Double.isFinite(value.value())).toList();
        try {
            EventFile open = file;
            if (open == null) {
                open = create(time);
                file = open;
            }
            open.append(EventMessage.values(time, at, finite));
        } catch (IOException e) {
            throw cannotWrite(folder, e);
        }
    }

    private EventFile create(double time) throws IOException {
        Files.createDirectories(folder);
        List<Path> before = files(folder);
        // The new file comes after the others whatever the clock says.
        long second = (long) time;
        if (!before.isEmpty()) {
            second = Math.max(second, second(before.getLast()) + 1);
        }
        EventFile created = EventFile.create(folder.resolve("events.out.tfevents.%010d.zebra.%d"
                .formatted(second, ProcessHandle.current().pid())));
        created.append(EventMessage.version(time));
        if (!before.isEmpty()) {
            created.append(EventMessage.start(time, step + 1L));
        }
        return created;
    }

    private static long second(Path file) {
        Matcher name = NAME.matcher(file.getFileName().toString());
        return name.matches() ? Long.parseLong(name.group(1)) : 0;
    }

    private static List<Path> files(Path folder) throws IOException {
        if (!Files.isDirectory(folder)) {
            return List.of();
        }
        try (Stream<Path> entries = Files.list(folder)) {
            return entries.filter(entry ->
                            NAME.matcher(entry.getFileName().toString()).matches())
                    .sorted()
                    .toList();
        }
    }

    private static UncheckedIOException cannotWrite(Path folder, IOException e) {
        return new UncheckedIOException("cannot write TensorBoard's files in " + folder + ": " + e.getMessage(), e);
    }

    @Override
    public void close() {
        try {
            if (file != null) {
                file.close();
            }
        } catch (IOException e) {
            throw cannotWrite(folder, e);
        }
    }
}
