import Configuration
import Datasets

/// The keys of `data` that tasks share: the classes that count, and parts for cross-validation.
public struct FolderKeys: Sendable, Equatable {
    /// The names of the classes, as `data.classNames` gives them.
    public var classNames: [String]?
    /// How many parts the images are divided into for cross-validation; nil for none.
    public var folds: Int?
    /// The part that is held out, from 1.
    public var fold: Int?

    init() {}

    init(_ reader: ConfigurationReader) {
        classNames = reader.optionalStrings(
            "classNames", "Names of the classes in the order of the labels; from the data when absent")
        folds = reader.optionalInt(
            "folds", in: 2...100,
            "Cross-validation: the images in so many parts, each the test part of a run of its own")
        guard
            let text = reader.optionalString(
                "fold", "The part of data.folds that is tested, 2 or 2/5 for both keys at once; all in turn when absent"
            )
        else { return }
        let parts = text.split(separator: "/", omittingEmptySubsequences: false).map { Int($0) }
        guard let number = parts[0], 1...100 ~= number, parts.count == 1 || parts.count == 2 && parts[1] != nil else {
            reader.problem("fold", "found `\(text)`, expected a number from 1 to 100, or 2/5 for part 2 of 5")
            return
        }
        if parts.count == 2, let count = parts[1] {
            if let folds, folds != count {
                reader.problem("fold", "found \(text), but data.folds is \(folds); give one of them")
            } else if !(2...100 ~= count) {
                reader.problem("fold", "found \(text), expected 2 to 100 parts")
            }
            folds = count
        }
        fold = number
        if number > folds ?? 0 {
            reader.problem(
                "fold", "found \(number), expected at most data.folds (\(folds.map(String.init) ?? "absent"))")
        }
    }

    /// One run for each of `data.folds` where `data.fold` chooses none.
    var crossValidation: Int? { fold == nil ? folds : nil }

    /// Tells the readers what these keys and a request say.
    func fill(_ options: inout some PartingOptions, _ request: DataRequest) {
        options.validation = request.validation
        options.seed = request.seed
        options.onBroken = request.onBroken
        options.classNames = classNames
        // Without a choice of one all images are looked at, as they are.
        if fold != nil { (options.folds, options.fold) = (folds, fold) }
    }
}

extension DataRequest {
    /// The embedded digits, which are the default, are no images with masks or objects.
    /// - Parameter files: what a folder holds instead.
    func refuseDigits(expecting files: String) throws(DatasetError) {
        guard path == EmbeddedData.digits.rawValue else { return }
        throw DatasetError(
            path,
            "the embedded digits are images of one class each, expected data.path: scenes (embedded) or a folder of \(files)"
        )
    }
}
