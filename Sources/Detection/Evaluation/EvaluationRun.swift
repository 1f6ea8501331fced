struct EvaluationRun {
    init(_ evaluator: CocoEvaluator) { fatalError("to come") }
}

extension CocoFindings {
    init(_ run: EvaluationRun) { fatalError("to come") }
}
