extension RunRecord {
    /// A number of every epoch, nil where it is missing or not finite.
    public func values(_ name: String) -> [Double?] {
        epochs.map { line in line[name]?.doubleValue.flatMap { $0.isFinite ? $0 : nil } }
    }

    /// The epochs' numbers, from 1.
    public var epochNumbers: [Double] {
        epochs.enumerated().map { $1["epoch"]?.doubleValue ?? Double($0 + 1) }
    }

    /// The names of the terms of a distillation's loss.
    public var lossTerms: [String] {
        (epochs.last?.objectValue ?? []).compactMap { member in
            member.name.hasPrefix("loss.") ? String(member.name.dropFirst(5)) : nil
        }
    }

    /// Where each stage of a distillation begins.
    public var stageStarts: [(epoch: Double, title: String)] {
        var starts: [(epoch: Double, title: String)] = []
        var last: Int?
        for (line, number) in zip(epochs, epochNumbers) {
            guard let stage = line["stage"]?.integerValue else { continue }
            if stage != last { starts.append((number, line["teacher"]?.stringValue ?? "stage \(stage)")) }
            last = stage
        }
        return starts
    }
}
