package org.zebralm.bench;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiConsumer;
import java.util.function.BooleanSupplier;

/// Times training of a model of 124 million parameters, each case in a process of its own.
public final class TrainBench {
    private static final int SHOWN_LINES = 20;

    private TrainBench() {}

    /// Returns the rows of `cases`, in their order; once `stopped`, those done so far.
    ///
    /// @param progress told what is being done, and the row when a case is done
    public static List<TrainRow> run(
            List<TrainCase> cases, BiConsumer<TrainCase, TrainRow> progress, BooleanSupplier stopped) {
        List<TrainRow> rows = new ArrayList<>();
        for (TrainCase training : cases) {
            List<String> lines = fork(training, stopped);
            if (stopped.getAsBoolean()) {
                break;
            }
            TrainRow row = TrainProcess.read(training, lines);
            rows.add(row);
            progress.accept(training, row);
        }
        return rows;
    }

    /// Runs [TrainProcess] with this process's flags, class path and environment.
    private static List<String> fork(TrainCase training, BooleanSupplier stopped) {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        for (String flag : ManagementFactory.getRuntimeMXBean().getInputArguments()) {
            if (!flag.startsWith("-XX:AOT") && !flag.startsWith("-agentlib")) {
                command.add(flag);
            }
        }
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), TrainProcess.class.getName()));
        command.addAll(TrainProcess.arguments(training));
        try {
            Process process =
                    new ProcessBuilder(command).redirectErrorStream(true).start();
            List<String> lines = new ArrayList<>();
            try (var reader =
                    new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
                for (String line = reader.readLine(); line != null; line = reader.readLine()) {
                    lines.add(line);
                }
            }
            int exit = process.waitFor();
            if (exit != 0 && !stopped.getAsBoolean()) {
                throw new IllegalStateException("%s at %d tokens ended with exit code %d:%n%s"
                        .formatted(
                                training.system().label(),
                                training.length(),
                                exit,
                                String.join(
                                        System.lineSeparator(),
                                        lines.subList(Math.max(0, lines.size() - SHOWN_LINES), lines.size()))));
            }
            return lines;
        } catch (IOException e) {
            throw new UncheckedIOException("cannot start a process for " + training, e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted", e);
        }
    }
}
