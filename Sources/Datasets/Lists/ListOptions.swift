/// Which list of images is opened, and what its columns mean.
package struct ListOptions: Sendable, PartingOptions {
    /// A CSV file, tar files or a folder of them.
    package var path: String
    /// Where the images come from that choose among weights.
    package var validation = ValidationSource.automatic
    /// The run's seed, which chooses the validation images and the folds.
    package var seed: UInt64 = 0
    /// What is done about images that cannot be read; nil does not look for such images.
    package var onBroken: BrokenImages.Policy? = .fail
    /// The names of the classes in order; nil takes those that the list says.
    package var classNames: [String]?
    /// The columns of numbers in order; nil takes all.
    package var columns: [String]?
    /// Into how many parts the images outside the test part are divided for cross-validation.
    package var folds: Int?
    /// The part of those that is the test part, from 1 on.
    package var fold: Int?

    /// The list at `path`.
    package init(path: String) { self.path = path }

    /// Whether images that do not exist are told by the list's line; with `skip` they are left out like broken ones, and
    /// whoever looks for none is told when one is asked for.
    var checksFiles: Bool { onBroken == .fail }
}
