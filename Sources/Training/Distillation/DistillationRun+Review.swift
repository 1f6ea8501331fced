import Distillation
import Layers
import Reporting
import Tasks
import Tensors

// What an arm decides on its way, once a stage is over: which of the teachers left are still worth a stage.
extension DistillationRun {
    /// The arms of a comparison: all of them, but for the one that measures on a validation part where there is none.
    package var comparedArms: [Arm] { Arm.allCases.filter { $0 != .adaptive || data.splits.validation != nil } }

    /// Asks about the teachers left for the student as it is now, and leaves out those that are no bridge any more.
    ///
    /// Before the first stage the selection has just answered for the trained student; an order by hand was never asked.
    func review(_ run: ArmRun, after previous: Stage?, _ progress: inout ArmProgress) throws {
        guard run.arm == .adaptive else { return }
        let left = run.plan[progress.position...]
        let store = previous?.measured ?? (asksFirst ? trainedStudent?.weights.store : nil)
        guard let store, left.count > 1 else { return }
        let begin = MonotonicClock.seconds()
        let present = try presentStudent(store)
        let review = try ChainReview(
            student: present.name,
            left: progress.epochsLeft(of: run.plan).map { (name: $0.stage.title, epochs: $0.epochs) }
        ) { sources, target in
            let models = [present] + teachers
            let goal = models.filter { $0.name == target }
            return try measureCosts(
                sources.flatMap { name in
                    models.filter { $0.name == name }.flatMap { s in goal.map { (source: s, target: $0) } }
                }, untilDecided: true)
        }
        progress.reviewSeconds += MonotonicClock.seconds() - begin
        for decision in review.decisions {
            console.line("\(agenda.heading) \(decision.description)")
            progress.decisions.append(decision)
            if decision.isSkipped { agenda.next() }
        }
    }

    /// Whether the teachers are asked about before the first stage, too.
    private var asksFirst: Bool { configuration.order != nil && configuration.student.start == .trained }

    /// The student with the values of now, to measure costs from.
    private func presentStudent(_ store: ParameterStore<Float>) throws -> Teacher {
        let metadata = WeightsMetadata(
            specification: data.specification, vocabulary: data.vocabulary, transform: data.plan)
        let weights = Weights(metadata: metadata, model: model, store: store.prefix(model.parameters))
        return try Teacher(configuration.student.name, weights, plan: data.plan, keepsMaps: false)
    }

    /// The costs of pairs, the maps of the teachers kept between measurements.
    /// - Parameter untilDecided: whether so many images do as tell which of the costs is the least one.
    func measureCosts(
        _ pairs: [(source: Teacher, target: Teacher)], untilDecided: Bool
    ) throws -> [AdaptationCost] {
        let usual = C.answersAreAlike ? UsualCost() : UsualCost(positions: 1024, firstImages: 512)
        let measurement = try CostMeasurement(configuration.cost, data, task, recipe, usual: usual, maps: maps)
        guard untilDecided else { return try measurement.costs(pairs) }
        return try measurement.costs(pairs) { AdaptationCost.leastIsDecided($0) }
    }
}

extension ArmProgress {
    /// The stages left, each with the epochs that are its own by now.
    func epochsLeft(of plan: [StagePlan]) -> [(stage: StagePlan, epochs: Int)] {
        let next = stage(of: plan)
        return [(next, next.epochs)] + plan[(position + 1)...].map { ($0, $0.epochs) }
    }
}
