import Datasets

/// An image that cannot be read.
public struct BrokenImage: Sendable, Equatable {
    /// The file.
    public let name: String
    /// One sentence that names the file and says what is wrong with it.
    public let problem: String
}

/// The training, validation or test images, as far as they were looked at.
public struct InspectedPart: Sendable {
    public let name: String
    public let count: Int
    /// How many were decoded; fewer than `count` when there was a limit.
    public internal(set) var decoded = 0
    /// How many images each class has.
    public let classCounts: [Int]
    /// The sizes that occur, with how many images have them, the most frequent first.
    public internal(set) var sizes: [(width: Int, height: Int, count: Int)] = []
    /// How many of the decoded images are in colour.
    public internal(set) var colorCount = 0
    public internal(set) var broken: [BrokenImage] = []
    /// Positions of the images that can be read, and what their contents are known by.
    var sound: [Int] = []
    var fingerprints: [ContentHash] = []
    /// Of each channel, pixels in 0..1; one channel when no image is in colour, empty when none could be read.
    public internal(set) var mean: [Double] = []
    public internal(set) var deviation: [Double] = []
}
