import Distillation
import Testing

/// Whether teachers on the way stay, by costs that are made up: rows are what maps are taken from.
@Suite struct ReviewTests {
    private static let table: [String: Double] = [
        "A>B": 0.50, "B>C": 0.40, "C>D": 0.30, "S>B": 0.60, "S>C": 0.45, "S>D": 0.35,
    ]

    private func review(
        _ changes: [String: Double] = [:], left: [String] = ["A", "B", "C", "D"], errorBar: Double = 0
    ) throws -> (review: ChainReview, asked: [String]) {
        let table = Self.table.merging(changes) { $1 }
        var asked: [String] = []
        let review = try ChainReview(student: "S", left: left.map { (name: $0, epochs: 4) }) { sources, target in
            sources.map {
                asked.append("\($0)>\(target)")
                return AdaptationCost(value: table["\($0)>\(target)"] ?? .nan, errorBar: errorBar)
            }
        }
        return (review, asked)
    }

    @Test func aBridgeStaysWhileItIsCloserThanTheStudent() throws {
        let (review, asked) = try review()
        #expect(review.decisions.map(\.isSkipped) == [false])
        #expect(review.decisions.map(\.description) == ["A before B stays: 0.50 ± 0.00, the student now 0.60 ± 0.00"])
        // Nothing is asked beyond the first teacher that stays.
        #expect(asked == ["A>B", "S>B"])
        #expect(review.costs.map(\.value) == [0.50, 0.60])
    }

    @Test func aTeacherBehindTheStudentIsSkippedAndItsEpochsGoOn() throws {
        let one = try review(["S>B": 0.49]).review
        #expect(one.decisions.map(\.isSkipped) == [true, false])
        #expect(
            one.decisions[0].description
                == "A skipped: the student is now closer to B (0.49 ± 0.00) than A is (0.50 ± 0.00); 4 epochs go to B")
        // Two in a row hand both their epochs on; equal costs keep the teacher, as the selection does.
        let two = try review(["S>B": 0.49, "S>C": 0.39, "S>D": 0.30]).review
        #expect(two.decisions.map(\.isSkipped) == [true, true, false])
        #expect(two.decisions[1].description.hasSuffix("; 8 epochs go to C"))
    }

    @Test func theLastTeacherIsNeverSkipped() throws {
        let all = try review(["S>B": 0.1, "S>C": 0.1, "S>D": 0.1]).review
        #expect(all.decisions.map(\.teacher) == ["A", "B", "C"])
        #expect(all.decisions.map(\.next) == ["B", "C", "D"])
        #expect(try review(left: ["D"]).asked.isEmpty)
    }

    @Test func tiesAreToldAndNumbersAreNeeded() throws {
        let tie = try review(["S>B": 0.495], left: ["A", "B"], errorBar: 0.01).review
        #expect(tie.decisions[0].isTie && tie.decisions[0].isSkipped)
        #expect(tie.decisions[0].description.contains("(a tie within the error bar)"))
        let error = #expect(throws: DistillationError.self) { try review(["S>B": .infinity]) }
        #expect(error?.description.contains("from `A` and the student to `B`") == true)
    }
}
