package org.zebralm.data;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.zebralm.data.PreparedManifest.Shard;
import org.zebralm.tokenizer.Tokenizer;

/// Text prepared for training: token shards, their tokenizer, and a manifest that says what is there.
///
/// `manifest.json` is written last, so a folder that has one is whole. Everything is checked when the folder is
/// opened: the tokenizer's hash, each shard's own checksum, and that shards and manifest belong together. The
/// shards are mapped into memory and stay open until [#close].
public final class PreparedFolder implements AutoCloseable {

    /// By this file a prepared folder is known.
    public static final String MANIFEST = "manifest.json";

    static final String TOKENIZER = "tokenizer.json";

    private final Path path;
    private final PreparedManifest manifest;
    private final List<TokenShard> train;
    private final List<TokenShard> heldOut;

    private PreparedFolder(Path path, PreparedManifest manifest, List<TokenShard> train, List<TokenShard> heldOut) {
        this.path = path;
        this.manifest = manifest;
        this.train = List.copyOf(train);
        this.heldOut = List.copyOf(heldOut);
    }

    /// Whether a path is a prepared folder.
    public static boolean isAt(Path path) {
        return Files.isRegularFile(path.resolve(MANIFEST));
    }

    /// Opens a prepared folder; what is missing, corrupt or of another tokenizer is refused by name.
    public static PreparedFolder open(Path path) {
        PreparedManifest manifest = manifest(path);
        var train = new ArrayList<TokenShard>();
        var heldOut = new ArrayList<TokenShard>();
        try {
            requireTokenizerFile(path, manifest);
            openAll(path, manifest, manifest.splits().train(), train);
            openAll(path, manifest, manifest.splits().heldOut(), heldOut);
            if (train.isEmpty()) {
                throw new IllegalArgumentException("a prepared folder must have text to train on: " + path
                        + " has no shard of it; prepare it again");
            }
            return new PreparedFolder(path, manifest, train, heldOut);
        } catch (RuntimeException e) {
            train.forEach(TokenShard::close);
            heldOut.forEach(TokenShard::close);
            throw e;
        }
    }

    /// Reads the manifest alone.
    public static PreparedManifest manifest(Path path) {
        Path file = path.resolve(MANIFEST);
        if (!isAt(path)) {
            throw new IllegalArgumentException("a prepared folder has a " + MANIFEST + ": " + path
                    + " has none, so its preparation did not finish or it is another folder; "
                    + "'zebra data prepare' makes one");
        }
        try {
            return PreparedManifest.parse(Files.readAllBytes(file));
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("cannot use " + file + ": " + e.getMessage(), e);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read " + file + ": " + e.getMessage(), e);
        }
    }

    private static void requireTokenizerFile(Path folder, PreparedManifest manifest) {
        Path file = inside(folder, manifest.tokenizer().file());
        try {
            String sha256 = Tokenizer.fingerprint(Files.readAllBytes(file));
            if (!sha256.equals(manifest.tokenizer().sha256())) {
                throw new IllegalArgumentException("a prepared folder's tokenizer must be the one that made its "
                        + "shards, of SHA-256 " + manifest.tokenizer().sha256() + ": " + file + " has " + sha256
                        + "; put the other back or prepare the text again");
            }
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read " + file + ": " + e.getMessage(), e);
        }
    }

    private static void openAll(Path folder, PreparedManifest manifest, List<Shard> entries, List<TokenShard> opened) {
        for (Shard entry : entries) {
            TokenShard shard = TokenShard.open(inside(folder, entry.file()));
            opened.add(shard);
            shard.requireFingerprint(manifest.tokenizer().sha256());
            if (!entry.equals(entry(shard))) {
                throw new IllegalArgumentException("a shard must be as the manifest says: " + shard.path()
                        + " should be " + entry + " and is " + entry(shard) + "; prepare the text again");
            }
        }
    }

    /// What a manifest says of a shard.
    static Shard entry(TokenShard shard) {
        return new Shard(
                String.valueOf(shard.path().getFileName()), shard.numTokens(), shard.numDocuments(), shard.checksum());
    }

    /// A manifest may come from anywhere; it names files beside itself and no others.
    private static Path inside(Path folder, String file) {
        Path path = folder.resolve(file);
        if (file.isEmpty() || !path.normalize().equals(folder.normalize().resolve(path.getFileName()))) {
            throw new IllegalArgumentException(
                    "a manifest names files in its own folder: " + folder.resolve(MANIFEST) + " names " + file);
        }
        return path;
    }

    /// Refuses a tokenizer that is not the one these shards were made with.
    public void requireTokenizer(Tokenizer tokenizer) {
        if (!tokenizer.fingerprint().equals(manifest.tokenizer().sha256())) {
            throw new IllegalArgumentException("prepared text must be read with the tokenizer that made it: " + path
                    + " was made with one of SHA-256 " + manifest.tokenizer().sha256() + ", " + tokenizer.path()
                    + " has " + tokenizer.fingerprint() + "; name no tokenizer to use the folder's own, or prepare the "
                    + "text again with this one");
        }
    }

    /// The folder.
    public Path path() {
        return path;
    }

    /// What is in the folder and where it came from.
    public PreparedManifest manifest() {
        return manifest;
    }

    /// The `tokenizer.json` that made the shards.
    public Path tokenizer() {
        return path.resolve(manifest.tokenizer().file());
    }

    /// The documents to train on.
    public List<TokenShard> train() {
        return train;
    }

    /// The documents held out; none, where the preparation held none out.
    public List<TokenShard> heldOut() {
        return heldOut;
    }

    @Override
    public void close() {
        heldOut.forEach(TokenShard::close);
        train.forEach(TokenShard::close);
    }
}
