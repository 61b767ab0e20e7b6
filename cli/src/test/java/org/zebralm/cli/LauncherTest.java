package org.zebralm.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/// The shell launcher, run in a made-up checkout with a JDK and a Maven that only say how they were called.
@DisabledOnOs(OS.WINDOWS)
class LauncherTest {
    private static final Path LAUNCHER = Path.of("..", "zebra").toAbsolutePath().normalize();

    @TempDir
    private Path folder;

    /// With a blank, for every test.
    private Path checkout;

    private Path jdk;
    private final Map<String, String> environment = new HashMap<>();

    private record Ended(int code, String out, String err) {}

    @BeforeEach
    void makeCheckout() throws IOException {
        checkout = Files.createDirectories(folder.resolve("a checkout"));
        // The places where a real JDK may be are not there, as on a bare machine.
        String script = Files.readString(LAUNCHER)
                .replaceAll("(?m)^( +)/(usr|opt|Library|home)/", "$1" + folder.resolve("nowhere") + "/");
        executable(checkout.resolve("zebra"), script);
        write(checkout.resolve("pom.xml"), "");
        write(checkout.resolve(".mvn/jvm.config"), "");
        write(checkout.resolve("cli/pom.xml"), "");
        write(checkout.resolve("cli/src/main/java/Main.java"), "");
        age(checkout);

        jdk = makeJdk("jdk 25", "25.0.3");
        executable(folder.resolve("bin/mvn"), """
                #!/bin/sh
                echo "mvn $* with $JAVA_HOME" >> "$(dirname "$0")/../mvn.log"
                sleep 0.2
                case "$*" in *fail*) echo '[INFO] fine'; echo '[ERROR] Main.java: broken'; exit 1 ;; esac
                mkdir -p cli/target
                echo jar > cli/target/zebra-cli-0.1.jar
                repository=$(dirname "$0")/../repository
                mkdir -p "$repository"
                echo jar > "$repository/picocli.jar"
                printf '%s:%s/picocli.jar' "$PWD/cli/target/zebra-cli-0.1.jar" "$repository" > cli/target/classpath.txt
                """);
        environment.put("JAVA_HOME", jdk.toString());
        environment.put("PATH", folder.resolve("bin") + ":/usr/bin:/bin");
        environment.put("HOME", folder.resolve("home").toString());
    }

    @Test
    void buildsOnFirstUseAndNotAgain() throws Exception {
        Ended first = run("inspect", "my model");
        assertThat(first.code()).isEqualTo(7);
        assertThat(first.err()).isEqualTo("zebra: Building Zebra (first use, about a minute)...\n");
        assertThat(first.out())
                .contains("[org.zebralm.cli.Main][inspect][my model]")
                .contains("[--enable-native-access=ALL-UNNAMED]")
                .contains("[-Dorg.bytedeco.javacpp.maxPhysicalBytes=0][-Dorg.bytedeco.javacpp.maxBytes=0]")
                .containsPattern("\\[-cp]\\[" + checkout
                        + "/cli/target/zebra/[^:]+/zebra-cli-0.1.jar:[^:]+/repository/picocli.jar]")
                .contains("OMP_WAIT_POLICY= GOMP_SPINCOUNT=30000 OPENBLAS_THREAD_TIMEOUT=4");

        assertThat(run("inspect").err()).isEmpty();
        assertThat(mavenCalls())
                .hasSize(1)
                .first()
                .asString()
                .contains("package", "-Dmaven.test.skip=true", "with " + jdk);
    }

    @Test
    void buildsAgainWhenASourceChangedOrWentAway() throws Exception {
        run("version");
        write(checkout.resolve("cli/src/main/java/Main.java"), "changed");
        assertThat(run("version").err()).isEqualTo("zebra: Building Zebra (something changed)...\n");
        assertThat(run("version").err()).isEmpty();
        TimeUnit.MILLISECONDS.sleep(20);
        Files.delete(checkout.resolve("cli/src/main/java/Main.java"));
        assertThat(run("version").err()).isEqualTo("zebra: Building Zebra (something changed)...\n");
        assertThat(mavenCalls()).hasSize(3);
    }

    @Test
    void buildsAgainWhenALibraryIsGone() throws Exception {
        run("version");
        Files.delete(folder.resolve("repository/picocli.jar"));
        assertThat(run("version").err()).isEqualTo("zebra: Building Zebra (something changed)...\n");
    }

    @Test
    void aBuildKeepsItsArgumentsForTheNextOne() throws Exception {
        assertThat(run("build", "-Pgpu", "-Dtwo words").code()).isZero();
        write(checkout.resolve("pom.xml"), "changed");
        run("version");
        assertThat(mavenCalls()).hasSize(2).allSatisfy(call -> assertThat(call).contains("-Pgpu -Dtwo words package"));
    }

    @Test
    void aFailedBuildShowsItsErrorsAndLeavesNothingBehind() throws Exception {
        Ended failed = run("build", "-Dfail");
        assertThat(failed.code()).isEqualTo(1);
        assertThat(failed.err())
                .contains("[ERROR] Main.java: broken", "zebra: the build failed; the whole log is ")
                .doesNotContain("fine");
        assertThat(run("version").err()).contains("first use");
        assertThat(checkout.resolve("cli/target/zebra.lock")).doesNotExist();
    }

    @Test
    void twoFirstUsesAtOnceBuildOnce() throws Exception {
        Process one = start(checkout.resolve("zebra"), "version");
        Process two = start(checkout.resolve("zebra"), "version");
        assertThat(end(one).code()).isEqualTo(7);
        assertThat(end(two).code()).isEqualTo(7);
        assertThat(mavenCalls()).hasSize(1);
    }

    @Test
    void theLockOfADeadProcessIsTakenOver() throws Exception {
        // No process has this number: Linux's largest is 2^22.
        write(checkout.resolve("cli/target/zebra.lock/pid"), "99999999");
        assertThat(run("version").code()).isEqualTo(7);
    }

    @Test
    void testRunsMavenVerify() throws Exception {
        assertThat(run("test", "-Dtest=A").code()).isZero();
        assertThat(mavenCalls()).hasSize(1).first().asString().contains("mvn -B -Dtest=A verify");
        assertThat(run("test", "-Dfail").code()).isEqualTo(1);
    }

    @Test
    void onlyVerbsWithKernelsGetTheVectorModule() throws Exception {
        String vector = "[--add-modules=jdk.incubator.vector]";
        assertThat(run("train", "--steps=3").out()).contains(vector);
        assertThat(run("--verbose", "generate", "m").out()).contains(vector);
        assertThat(run().out()).doesNotContain(vector);
        assertThat(run("--help").out()).doesNotContain(vector);
        assertThat(run("train", "--help").out()).doesNotContain(vector);
        assertThat(run("--version").out()).doesNotContain(vector);
    }

    @Test
    void theUsersOptionsAndEnvironmentHold() throws Exception {
        environment.put("ZEBRA_JAVA_OPTS", "-Xmx3g -Da=b");
        environment.put("OMP_WAIT_POLICY", "ACTIVE");
        assertThat(run("train").out())
                .contains("[-Xmx3g][-Da=b][-cp]")
                .contains("OMP_WAIT_POLICY=ACTIVE GOMP_SPINCOUNT= ");
    }

    @Test
    void aLinkToTheLauncherWorksFromAnywhere() throws Exception {
        Path link = Files.createSymbolicLink(folder.resolve("bin/zebra"), Path.of("..", "a checkout", "zebra"));
        assertThat(end(start(link, "version")).code()).isEqualTo(7);
    }

    @Test
    void aJavaHomeThatIsTooOldIsPassedOver() throws Exception {
        environment.put("JAVA_HOME", makeJdk("old", "17.0.2").toString());
        Files.createSymbolicLink(folder.resolve("bin/java"), jdk.resolve("bin/java"));
        assertThat(run("find-jdk").out()).isEqualTo(jdk.toRealPath() + "\n");
    }

    @Test
    void aJdkInAUsualPlaceIsFoundAndItsExactReleasePreferred() throws Exception {
        environment.remove("JAVA_HOME");
        makeJdk("home/.jdks/a", "26");
        assertThat(run("find-jdk").out()).endsWith("/home/.jdks/a\n");
        makeJdk("home/.sdkman/candidates/java/x", "21.0.1");
        makeJdk("home/.jdks/temurin-25", "25");
        assertThat(run("find-jdk").out()).endsWith("/home/.jdks/temurin-25\n");
    }

    @Test
    void aMissingJdkOrMavenIsSaidWithWhatToInstall() throws Exception {
        environment.put("JAVA_HOME", "/no/such/jdk");
        Ended noJdk = run("version");
        assertThat(noJdk.code()).isEqualTo(1);
        assertThat(noJdk.err())
                .startsWith("zebra: no JDK 25 found (JAVA_HOME is /no/such/jdk). Install one:")
                .contains("openjdk-25-jdk-headless", "brew install --cask temurin@25");

        environment.put("JAVA_HOME", jdk.toString());
        environment.put("PATH", withoutMaven());
        Ended noMaven = run("version");
        assertThat(noMaven.code()).isEqualTo(1);
        assertThat(noMaven.err()).startsWith("zebra: Maven is needed").contains("apt-get install maven");
    }

    /// A folder with the tools the launcher needs and no more: Maven may lie beside them in /usr/bin.
    private String withoutMaven() throws IOException {
        Path tools = Files.createDirectories(folder.resolve("tools"));
        for (String tool : List.of("dirname", "readlink", "find", "head", "cat", "mkdir", "rm")) {
            Path real = Files.exists(Path.of("/bin", tool)) ? Path.of("/bin", tool) : Path.of("/usr/bin", tool);
            executable(tools.resolve(tool), "#!/bin/sh\nexec " + real + " \"$@\"\n");
        }
        return tools.toString();
    }

    private Path makeJdk(String name, String version) throws IOException {
        Path home = folder.resolve(name);
        write(home.resolve("release"), "IMPLEMENTOR=\"x\"\nJAVA_VERSION=\"" + version + "\"\n");
        executable(home.resolve("bin/javac"), "");
        executable(home.resolve("bin/java"), """
                #!/bin/sh
                printf '[%s]' "$@"
                echo " OMP_WAIT_POLICY=$OMP_WAIT_POLICY GOMP_SPINCOUNT=$GOMP_SPINCOUNT OPENBLAS_THREAD_TIMEOUT=$OPENBLAS_THREAD_TIMEOUT"
                exit 7
                """);
        return home;
    }

    private Ended run(String... arguments) throws Exception {
        return end(start(checkout.resolve("zebra"), arguments));
    }

    private Process start(Path launcher, String... arguments) throws IOException {
        var command = new ArrayList<String>();
        command.add(launcher.toString());
        command.addAll(List.of(arguments));
        var builder = new ProcessBuilder(command).directory(folder.toFile());
        builder.environment().clear();
        builder.environment().putAll(environment);
        return builder.start();
    }

    private static Ended end(Process process) throws Exception {
        process.getOutputStream().close();
        // Both streams carry a few lines: neither fills its pipe while the other is read.
        String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        String err = new String(process.getErrorStream().readAllBytes(), StandardCharsets.UTF_8);
        return new Ended(process.waitFor(), out, err);
    }

    private List<String> mavenCalls() throws IOException {
        return Files.readAllLines(folder.resolve("mvn.log"));
    }

    private static void executable(Path file, String text) throws IOException {
        write(file, text);
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
    }

    private static void write(Path file, String text) throws IOException {
        Files.createDirectories(file.getParent());
        Files.writeString(file, text);
    }

    /// Makes everything an hour old, so that a build is newer than what it was built from.
    private static void age(Path root) throws IOException {
        try (var files = Files.walk(root)) {
            for (Path file : files.toList()) {
                Files.setLastModifiedTime(file, FileTime.from(Instant.now().minusSeconds(3600)));
            }
        }
    }
}
