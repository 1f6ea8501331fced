import JSON
import Reporting

/// What a model says of one image, as each output of `predict` shows it.
public struct Prediction: Sendable {
    /// The image's name, as it was given.
    public let image: String
    /// Of the table, without the image's name; the first row stands beside it.
    public let rows: [[String]]
    /// Of a row of comma-separated values, without the image's name.
    public let fields: [String]
    /// Of a JSON object, behind the image's name.
    public let members: [JSONValue.Member]

    /// Files that are written where a folder is given for them.
    public let files: [File]
    /// Entries of a list of results over all images, each without the image itself; written beside the files.
    public let results: [[JSONValue.Member]]

    /// A file of a prediction: a mask, say.
    public struct File: Sendable {
        /// The folder below the given one, empty for the given one itself.
        public let folder: String
        /// What the file's name ends with, behind the image's own name without its ending: `.png`.
        public let ending: String
        /// What the file holds.
        public let bytes: [UInt8]

        /// - Parameters:
        ///   - folder: below the given one, empty for the given one itself.
        ///   - ending: behind the image's own name without its ending: `.png`.
        public init(folder: String = "", ending: String, bytes: [UInt8]) {
            (self.folder, self.ending, self.bytes) = (folder, ending, bytes)
        }
    }

    /// The same with more of JSON's members and more files.
    public func adding(_ members: [JSONValue.Member], files: [File]) -> Prediction {
        Prediction(
            image: image, rows: rows, fields: fields, members: self.members + members, files: self.files + files,
            results: results)
    }

    /// - Parameters:
    ///   - rows: of the table, without the image's name.
    ///   - fields: of a row of comma-separated values, without the image's name.
    ///   - members: of a JSON object, behind the image's name.
    ///   - files: written where a folder is given for them.
    ///   - results: entries of a list over all images, without the image itself.
    public init(
        image: String, rows: [[String]], fields: [String], members: [JSONValue.Member], files: [File] = [],
        results: [[JSONValue.Member]] = []
    ) {
        (self.image, self.rows, self.fields, self.members) = (image, rows, fields, members)
        (self.files, self.results) = (files, results)
    }
}

/// How predictions are asked for.
public struct PredictionOptions: Sendable {
    /// How many answers are shown of an image, where an answer is one of several.
    public var top: Int
    /// Whether JSON also gives the model's raw outputs.
    public var showsOutputs: Bool
    /// Objects that the model is less sure of are not shown; nil for what the weights say.
    public var threshold: Double?

    /// - Parameter top: how many answers are shown of an image, where an answer is one of several.
    public init(top: Int, showsOutputs: Bool = false) { (self.top, self.showsOutputs) = (top, showsOutputs) }
}

/// The columns of predictions.
public struct PredictionColumns: Sendable {
    /// Of the table, without the image's name.
    public let table: [StreamedTable.Column]
    /// The header of comma-separated values, without the image's name.
    public let fields: [String]

    /// - Parameters:
    ///   - table: the columns of the table, without the image's name.
    ///   - fields: the header of comma-separated values, without the image's name.
    public init(table: [StreamedTable.Column], fields: [String]) { (self.table, self.fields) = (table, fields) }
}

/// Why there is no prediction.
public struct PredictionFailure: Error, Sendable {
    /// One sentence that begins with the image's name.
    public let reason: String
    /// - Parameter reason: one sentence that begins with the image's name.
    public init(reason: String) { self.reason = reason }

    /// For outputs that are not finite: whatever they seem to say would be arbitrary.
    public static func notFinite(_ image: String) -> PredictionFailure {
        PredictionFailure(
            reason:
                "\(image): the model's outputs for this image are not finite, so they say nothing; its values or the "
                + "weights are beyond what the model can compute with")
    }
}
