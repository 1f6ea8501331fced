extension RunComparison {
    /// Keys of the data that say how training images are altered, drawn or kept in memory: whatever their values, runs are
    /// measured on the same images.
    private static let trainingKeys: Set<String> = [
        "data.augmentation", "data.cacheMegabytes", "data.colorJitter", "data.cropRatio", "data.cropScale",
        "data.erasing", "data.flip", "data.onBroken", "data.padding", "data.paddingMode", "data.randAugment",
        "data.trivialAugment", "data.augMix", "data.blur", "data.blurDeviation", "data.repeats", "data.threeAugment",
        "data.rotation", "data.sampling", "data.scaling", "data.shear", "data.trainingImages", "data.translation",
    ]

    /// Why the runs' results cannot be compared: the keys and numbers in which their data differ; empty where they can.
    public var dataDifferences: [String] {
        let keys = differences.map(\.key).filter { $0.hasPrefix("data.") && !Self.trainingKeys.contains($0) }
        return keys + MeasuredData.differences(records.compactMap { MeasuredData($0.run) })
    }

    /// The best group by validation, the test images having no say.
    public var verdict: Verdict {
        let candidates = groups.map { group in
            let finished = group.indices.map { records[$0] }.filter(\.isFinished)
            return Verdict.Candidate(
                name: group.name, values: finished.compactMap(\.bestValidation),
                images: finished.compactMap { $0.images(.validation) }.min())
        }
        return Verdict(candidates, metrics: records.map(\.primary), different: dataDifferences)
    }
}
