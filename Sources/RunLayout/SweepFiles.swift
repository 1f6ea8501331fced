/// The names of what stands in the folder of a sweep, beside the folders of its runs.
public enum SweepFiles {
    /// The runs, their values and what they came to.
    public static let results = "sweep.json"
    /// The page of all runs.
    public static let page = "sweep.html"
}
