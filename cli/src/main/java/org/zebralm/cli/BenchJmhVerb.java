package org.zebralm.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.zebralm.bench.Jmh;
import picocli.CommandLine.Command;
import picocli.CommandLine.Unmatched;

/// `zebra bench jmh [JMH's arguments]`: the kernels under JMH, each case in a process of its own.
@Command(
        description = {
            "Run the JMH benchmarks of the attention kernels: forward, forwardBackward, decode. Each case gets a process"
                    + " of its own; 'gflop' is GFLOP/s over the pairs attended to.",
            "Arguments are JMH's: a pattern of names, -p PARAMETER=VALUES, -f forks, -wi and -i iterations, -rf json;"
                    + " -lp lists parameters. All cases take some ten minutes."
        },
        footerHeading = "%nExamples:%n",
        footer = {
            "  zebra bench jmh -lp",
            "  zebra bench jmh forward$ -p headDim=64 -p window=global,513",
            "  zebra bench jmh decode -p length=32768 -p implementation=zebra,torch"
        })
final class BenchJmhVerb implements Callable<Integer> {
    @Unmatched
    private List<String> arguments = new ArrayList<>();

    @Override
    public Integer call() {
        Jmh.run(arguments);
        return Main.OK;
    }
}
