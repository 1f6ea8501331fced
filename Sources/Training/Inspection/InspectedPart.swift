import Datasets

/// An image that cannot be read.
package struct BrokenImage: Sendable, Equatable {
    /// The file.
    package let name: String
    /// One sentence that names the file and says what is wrong with it.
    package let problem: String
}

/// The training, validation or test images, as far as they were looked at.
package struct InspectedPart: Sendable {
    package let name: String
    package let count: Int
    /// How many were decoded; fewer than `count` when there was a limit.
    package internal(set) var decoded = 0
    /// How many images each class has; none where there are no classes.
    package let classCounts: [Int]
    /// The sizes that occur, with how many images have them, the most frequent first.
    package internal(set) var sizes: [(width: Int, height: Int, count: Int)] = []
    /// How many of the decoded images are in colour.
    package internal(set) var colorCount = 0
    package internal(set) var broken: [BrokenImage] = []
    /// Positions of the images that can be read, and what their contents are known by.
    var sound: [Int] = []
    var fingerprints: [ContentHash] = []
    /// Of each channel, pixels in 0..1; one channel when no image is in colour, empty when none could be read.
    package internal(set) var mean: [Double] = []
    package internal(set) var deviation: [Double] = []
}
