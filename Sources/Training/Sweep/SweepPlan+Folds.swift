import Reporting
import Tasks

extension SweepPlan {
    /// So many parts of the images at least and at most, as `data.folds` has them.
    package static let foldCounts = 2...100

    /// Every arm once for each part that the images are divided into, that part being tested: runs that differ in their part
    /// alone are of one configuration, as those of several seeds are.
    /// - Throws: `RecipeError` where folds are varied already, and for too many arms.
    package func crossed(folds: Int) throws -> SweepPlan {
        if let key = variations.first(where: { [SweepRecord.foldKey, "data.folds"].contains($0.key) })?.key {
            throw RecipeError("--folds \(folds) runs through all parts already, expected no --vary \(key)")
        }
        guard arms.count * folds <= Self.mostArms else {
            throw RecipeError("--folds asks for more than \(Self.mostArms) runs, give fewer values")
        }
        let parts = (1...folds).map { "\($0)/\(folds)" }
        let keys = variations.map(\.key) + [SweepRecord.foldKey]
        return SweepPlan(
            variations: variations + [Variation(key: SweepRecord.foldKey, values: parts)],
            arms: try Self.arms(keys, arms.flatMap { arm in parts.map { arm.values + [$0] } }))
    }
}
