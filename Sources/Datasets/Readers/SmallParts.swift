extension DatasetSplits where Annotation == ClassLabel {
    /// What is missing of some classes, with figures.
    mutating func tellOfSmallParts(_ path: String) throws {
        let counts = try train.classCounts()
        func named(_ isMeant: (Int) -> Bool) -> [String] { zip(classNames, counts).filter { isMeant($0.1) }.map(\.0) }
        let none = named { $0 == 0 }
        if !none.isEmpty, none.count < classNames.count {
            notices.append(
                "\(none.count) of the \(classNames.count) classes of \(path) "
                    + "\(none.count == 1 ? "has" : "have") no training image (\(listed(none))).")
        }
        if train.count < classNames.count {
            notices.append(
                "\(path) has \(counted(train.count, "training image")) of \(classNames.count) classes, fewer images than "
                    + "classes.")
            return
        }
        let single = named { $0 == 1 }
        guard !single.isEmpty else { return }
        notices.append(
            "\(single.count) of the \(classNames.count) classes of \(path) \(single.count == 1 ? "has" : "have") a single "
                + "training image (\(listed(single))).")
    }
}
