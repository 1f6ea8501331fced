import Tensors

/// What is wrong with the runs of a mask.
public enum RunLengthError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The image has no pixels, or more than may be read.
    case size(Pair, most: Int)
    /// The runs end before the image does.
    case tooFew(found: Int, pixels: Int)
    /// The runs go on beyond the image.
    case tooMany(pixels: Int)
    /// A character of the compressed text is none of those that it is made of.
    case character(Int)
    /// The compressed text ends within a number.
    case truncated
    /// A number of the compressed text is no length of a run.
    case length(run: Int)

    /// What was found and what was expected, a sentence without its subject.
    public var description: String {
        switch self {
        case .size(let size, let most):
            "a mask of \(size.height) rows and \(size.width) columns cannot be read, expected 1 to \(most) pixels"
        case .tooFew(let found, let pixels): "the runs cover \(found) pixels, expected the \(pixels) of the image"
        case .tooMany(let pixels): "the runs cover more than the \(pixels) pixels of the image"
        case .character(let byte):
            "the compressed runs have a byte of value \(byte), expected the characters 0 to o (48 to 111)"
        case .truncated: "the compressed runs end within a number"
        case .length(let run): "run \(run + 1) of the compressed runs has no possible length, expected 0 to 4294967295"
        }
    }
}
