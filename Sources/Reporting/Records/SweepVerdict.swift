/// The best of a sweep's groups, by validation.
package enum SweepVerdict {
    /// Runs that differ in nothing but their seed.
    package struct Group: Sendable {
        let name: String
        /// The best values on the validation images; empty where a run failed, which is no candidate.
        let values: [Double]

        package init(name: String, values: [Double]) { (self.name, self.values) = (name, values) }
    }

    /// - Parameters:
    ///   - data: what the runs were measured on, as far as they left it behind.
    ///   - metrics: what each finished run was measured by.
    package static func make(
        keys: [String], groups: [Group], data: [MeasuredData], metrics: [Metric] = [.accuracy]
    ) -> Verdict {
        // What a sweep varies is there to be compared, unless it is the images themselves.
        // All configurations are measured on the same parts of the images, whose sizes may differ by one.
        let different =
            keys.filter { ["data.path", "data.validation"].contains($0) }
            + (keys.contains(SweepRecord.foldKey) ? [] : MeasuredData.differences(data))
        let images = data.map(\.validation).min().flatMap { $0 > 0 ? $0 : nil }
        return Verdict(
            groups.map { Verdict.Candidate(name: $0.name, values: $0.values, images: images) }, metrics: metrics,
            different: different)
    }
}
