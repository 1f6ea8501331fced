import Datasets

/// Which objects of one image were found by which detections, by the rules of the evaluation at an overlap of .5.
package struct ImageMatches: Sendable, Equatable {
    /// Of each object: whether it was found. A group of objects that are not told apart is never.
    package private(set) var isFound: [Bool]
    /// Of each detection: whether it found an object; nil for one that does not count, since it lies in a group of objects or
    /// comes after the first 100 of its class.
    package private(set) var isRight: [Bool?]

    /// - Parameters:
    ///   - instances: what is in the image.
    ///   - detections: what is said to be in it.
    package init(_ instances: Instances, _ detections: [DetectedObject]) {
        isFound = Array(repeating: false, count: instances.items.count)
        isRight = Array(repeating: nil, count: detections.count)
        let classes = Set(detections.map(\.classIndex))
        var evaluator = CocoEvaluator(
            classes: 1 + (instances.items.map(\.classIndex) + detections.map(\.classIndex) + [0]).reduce(0, max))
        evaluator.add(image: 0, instances, detections: detections)
        let store = evaluator.store
        func places(_ column: [Int32], of index: Int) -> ArraySlice<Int32> {
            column.indices.filter { column[$0] == Int32(index) }.map { Int32($0) }[...]
        }
        let bit = EvaluationRules.bit(area: 0, overlap: 0)
        for index in classes {
            var matching = ClassMatching(store, .boxes, false)
            matching.match(
                places(store.truths.classIndex, of: index), places(store.answers.classIndex, of: index))
            for truth in matching.found { isFound[Int(truth)] = true }
            for answer in matching.answers where answer.ignored & bit == 0 {
                isRight[Int(answer.index)] = answer.found & bit != 0
            }
        }
    }
}
