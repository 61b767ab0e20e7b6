package org.zebralm.cli;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.zebralm.checkpoint.ConversionPlan;
import org.zebralm.model.AttentionType;
import org.zebralm.model.ZebraConfig;

/// What a conversion has done, in words.
record ConversionSummary(String source, Path target, ConversionPlan plan) {
    @Override
    public String toString() {
        var text = new StringBuilder("%s: %s, %s of %s weights, from %s"
                .formatted(
                        target,
                        plan.familyAfter(),
                        Units.bytes(plan.weightBytes()),
                        plan.dtype().label(),
                        source));
        List<String> changes = changes();
        (changes.isEmpty() ? List.of("nothing but the form") : changes)
                .forEach(change -> text.append("%n  changed: %s".formatted(change)));
        plan.losses().forEach(loss -> text.append("%n  lost: %s".formatted(loss)));
        return text.toString();
    }

    private List<String> changes() {
        ZebraConfig before = plan.before();
        ZebraConfig after = plan.after();
        List<String> changes = new ArrayList<>();
        if (!plan.familyBefore().equals(plan.familyAfter())) {
            changes.add("the family, from %s to %s".formatted(plan.familyBefore(), plan.familyAfter()));
        }
        Map<String, Integer> layers = new TreeMap<>();
        for (int i = 0; i < before.numLayers(); i++) {
            AttentionType now = after.attentionTypes().get(i);
            if (!now.equals(before.attentionTypes().get(i))) {
                layers.merge(
                        switch (now) {
                            case AttentionType.Global _ -> "global";
                            case AttentionType.Local(int window) -> "local with a window of " + window;
                        },
                        1,
                        Integer::sum);
            }
        }
        layers.forEach(
                (kind, count) -> changes.add("%d of %d layers became %s".formatted(count, before.numLayers(), kind)));
        if (!after.ropes().equals(before.ropes())) {
            changes.add("the rotation, from %s to %s".formatted(RopeText.of(before), RopeText.of(after)));
        }
        if (after.maxPositions() != before.maxPositions()) {
            changes.add(
                    "the longest context, from %d to %d tokens".formatted(before.maxPositions(), after.maxPositions()));
        }
        return changes;
    }
}
