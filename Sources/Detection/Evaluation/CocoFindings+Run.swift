extension CocoFindings {
    init(_ run: EvaluationRun) {
        let tallies = run.tallies
        stats = ClassTally.stats(tallies)
        precisionByOverlap = (0..<10).map { overlap in ClassTally.mean(tallies.map { $0.precision[overlap] }) }
        classes = tallies.map {
            ClassFindings(
                objects: $0.objects[0], detections: $0.detections, stats: $0.stats,
                precisionByRecall: $0.precisionByRecall)
        }
        outcomes = DetectionOutcomes(run)
    }
}

extension DetectionOutcomes {
    init(_ run: EvaluationRun) {
        let (store, tallies) = (run.store, run.tallies)
        let count = tallies.reduce(0) { $0 + $1.outcomes.count }
        scores.reserveCapacity(count)
        isTrue.reserveCapacity(count)
        classIndex.reserveCapacity(count)
        image.reserveCapacity(count)
        for (index, tally) in tallies.enumerated() {
            for outcome in tally.outcomes {
                scores.append(store.answers.score[Int(outcome.index)])
                isTrue.append(outcome.isTrue)
                classIndex.append(Int32(index))
                image.append(store.answers.image[Int(outcome.index)])
            }
        }
        images = store.images
        objects = tallies.map { $0.objects[0] }
        objectsOfImage = [Int](repeating: 0, count: images.count)
        for (place, isCrowd) in zip(store.truths.image, store.truths.isCrowd) where !isCrowd {
            objectsOfImage[Int(place)] += 1
        }
    }
}
