/// Where the images come from that choose among weights.
public enum ValidationSource: Sendable, Equatable {
    /// The data's own validation part where it has one, else a tenth of the training images.
    case automatic
    /// A seeded part of the training data, the same share of every class.
    case fraction(Double)
    /// A folder of class folders: a path, or a name below the data's path.
    case folder(String)
    /// Nowhere: there is no validation part.
    case nowhere

    /// What `automatic` takes of the training images.
    public static let automaticFraction = 0.1
}

/// The parts of a data set.
public struct DatasetSplits<Annotation: Datasets.Annotation>: Sendable {
    /// What is learnt from.
    public var train: any AnnotatedDataset<Annotation>
    /// What chooses among weights and ends training early; nil where nothing is validated.
    public var validation: (any AnnotatedDataset<Annotation>)?
    /// What results are measured on; without it they are measured on the validation part.
    public var test: (any AnnotatedDataset<Annotation>)?
    /// What was recognised, in a few words.
    public var format: String
    /// What a user should be told, one sentence each.
    public var notices: [String] = []
    /// Who made the data, where the program ships it.
    public var attribution: String?
    /// Where the classes may lie instead, for data of one class.
    var nestedHint: String?

    /// The names that annotations count in, those of the training images.
    public var classNames: [String] { train.classNames }

    /// Parts that a reader of one's own has opened; all of them count in the classes of `train`.
    /// - Parameters:
    ///   - format: what was recognised, in a few words.
    ///   - notices: what a user should be told, one sentence each.
    ///   - attribution: who made the data, where a program ships it.
    public init(
        train: any AnnotatedDataset<Annotation>, validation: (any AnnotatedDataset<Annotation>)? = nil,
        test: (any AnnotatedDataset<Annotation>)? = nil, format: String = "", notices: [String] = [],
        attribution: String? = nil
    ) {
        (self.train, self.validation, self.test) = (train, validation, test)
        (self.format, self.notices, self.attribution) = (format, notices, attribution)
    }

    /// The counts of images and classes, and what stands in for a missing test part, in one line.
    public var summary: String {
        let counts = ["\(train.count) training"] + [validation.map { "\($0.count) validation" }].compactMap { $0 }
        let parts = (counts + [test.map { "\($0.count) test" }].compactMap { $0 }).joined(separator: ", ")
        var text = "\(parts) images, \(counted(classNames.count, "class", "classes"))"
        if test == nil {
            text += validation == nil ? " (test: none, validation: none)" : " (test: none, results are of validation)"
        }
        return text
    }

}

extension DatasetSplits where Annotation == ClassLabel {
    /// Why nothing can be learned from the training images, one sentence about the data at `path`; nil where there are
    /// two classes of them.
    public func oneClassProblem(_ path: String) throws -> String? {
        let present = zip(classNames, try train.classCounts()).filter { $0.1 > 0 }.map(\.0)
        guard present.count < 2 else { return nil }
        let name = present.first ?? classNames.first ?? "none"
        let hint = nestedHint.map { "; \($0)" } ?? ""
        if classNames.count > 1 {
            return "\(path): all \(counted(train.count, "training image")) are of one class, \(name), of the "
                + "\(classNames.count) there are, expected images of two classes at least\(hint)"
        }
        return
            "\(path) has one class only, \(name), with \(counted(train.count, "training image")), expected two classes at "
            + "least\(hint)"
    }
}
