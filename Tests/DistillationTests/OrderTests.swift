import Distillation
import Testing

/// The example of the method's description: scores T1 38.2, T2 38.7, T3 42.3, T4 49.1.
@Suite struct OrderTests {
    private let pool = [("T1", 38.2), ("T2", 38.7), ("T3", 42.3), ("T4", 49.1)].map {
        TeacherCandidate(name: $0, score: $1)
    }
    private static let table: [String: Double] = [
        "S>T4": 0.90, "S>T3": 0.60, "S>T1": 0.30, "S>T2": 0.35, "T1>T4": 0.80, "T1>T3": 0.50, "T1>T2": 0.33,
        "T2>T4": 0.95, "T2>T3": 0.70, "T2>T1": 0.42, "T3>T4": 0.55,
    ]

    private func order(
        _ maxTeachers: Int?, changes: [String: Double] = [:], errorBar: Double = 0
    ) throws -> (order: TeacherOrder, asked: [String]) {
        let table = Self.table.merging(changes) { $1 }
        var asked: [String] = []
        let order = try BackwardGreedySelection(student: "S", teachers: pool, maxTeachers: maxTeachers).order {
            asked.append("\($0)>\($1)")
            return AdaptationCost(value: table["\($0)>\($1)"] ?? .nan, errorBar: errorBar)
        }
        return (order, asked)
    }

    @Test func theBoundEndsTheChain() throws {
        #expect(try order(1).order.names == ["T4"])
        #expect(try order(2).order.names == ["T3", "T4"])
        #expect(try order(3).order.names == ["T1", "T3", "T4"])
        #expect(try order(2).order.explanation.contains("stop: 2 teachers, the limit"))
    }

    @Test func theChainEndsWhereTheStudentIsCloser() throws {
        let result = try order(4).order
        #expect(result.names == ["T1", "T3", "T4"])
        #expect(
            result.explanation == """
                T4 last: validation score 49.10, next best 42.30
                T3 before T4: 0.55 ± 0.00, next best 0.80, student itself 0.90
                T1 before T3: 0.50 ± 0.00, next best 0.70, student itself 0.60
                stop: the student itself is closer to T1 (0.30) than any teacher left (T2 0.42 ± 0.00)
                """)
        #expect(try order(4, changes: ["T3>T4": 0.95, "T1>T4": 0.97]).order.names == ["T4"])
    }

    @Test func aTieWithTheStudentKeepsTheTeacher() throws {
        #expect(try order(3, changes: ["T1>T3": 0.60]).order.names == ["T1", "T3", "T4"])
        #expect(try order(3, changes: ["T1>T3": 0.61]).order.names == ["T3", "T4"])
    }

    @Test func equalCostsGoToTheBetterScoreThenTheName() throws {
        #expect(try order(2, changes: ["T3>T4": 0.5, "T2>T4": 0.5, "T1>T4": 0.5]).order.names == ["T3", "T4"])
        let twins = ["b", "a", "c"].map { TeacherCandidate(name: $0, score: 1) }
        let result = try BackwardGreedySelection(student: "s", teachers: twins).order { _, _ in AdaptationCost(value: 1)
        }
        #expect(result.names == ["c", "b", "a"])
    }

    @Test func onlyNeededColumnsAreAsked() throws {
        #expect(try order(1).asked == [])
        #expect(try order(2).asked == ["T3>T4", "T2>T4", "T1>T4", "S>T4"])
        #expect(try order(3).asked.suffix(3) == ["T2>T3", "T1>T3", "S>T3"])
        let result = try order(nil)
        #expect(result.asked.count == 4 + 3 + 2)
        #expect(result.order.costs.map { "\($0.source)>\($0.target)" } == result.asked)
    }

    @Test func aTieWithinTheErrorBarIsSaid() throws {
        let result = try order(2, changes: ["T1>T4": 0.56], errorBar: 0.01).order
        #expect(result.decisions[1].ties == ["T1"])
        #expect(
            result.decisions[1].description
                == "T3 before T4: 0.55 ± 0.01, next best 0.56, student itself 0.90 (a tie with T1 within the error bar)"
        )
        #expect(try order(2, errorBar: 0.01).order.decisions[1].ties == [])
        let withStudent = try order(2, changes: ["S>T4": 0.555], errorBar: 0.01).order
        #expect(withStudent.decisions[1].description.hasSuffix("(a tie with the student within the error bar)"))
    }

    @Test func impossiblePoolsAreRefused() {
        func message(_ teachers: [TeacherCandidate], max: Int? = nil) -> String {
            let error = #expect(throws: DistillationError.self) {
                _ = try BackwardGreedySelection(student: "S", teachers: teachers, maxTeachers: max)
            }
            return error?.description ?? ""
        }
        #expect(message([]) == "The pool has no teacher, expected at least one.")
        #expect(
            message(pool + [TeacherCandidate(name: "S", score: 1)])
                == "The student `S` is in the pool as its own teacher, expected other models there.")
        #expect(message(pool + pool).contains("two teachers named `T1`"))
        #expect(message([TeacherCandidate(name: "T", score: .nan)]).contains("score of `T` is nan"))
        #expect(message(pool, max: 0).contains("at least 1"))
        #expect(throws: DistillationError.self) { try order(2, changes: ["T1>T4": .nan]) }
    }

    @Test func ordersByHandAreChecked() throws {
        let names = ["convnext_nano32", "cvt_nano32", "hornet_nano_gf"]
        func message(_ order: [String]) -> String {
            let error = #expect(throws: DistillationError.self) {
                _ = try TeacherOrder(byHand: order, pool: names, student: "hornet_pico_7x7")
            }
            return error?.description ?? ""
        }
        #expect(
            message(["convnet_nano32"])
                == "The order names the teacher `convnet_nano32`, which is not in the pool, did you mean `convnext_nano32`?"
        )
        #expect(message(["zzz"]).hasSuffix("expected one of `convnext_nano32`, `cvt_nano32`, `hornet_nano_gf`."))
        #expect(message(["cvt_nano32", "hornet_pico_7x7"]).contains("as its own teacher"))
        #expect(message(["cvt_nano32", "cvt_nano32"]).contains("twice"))
        #expect(message([]).contains("empty"))
        let order = try TeacherOrder(byHand: ["cvt_nano32", "hornet_nano_gf"], pool: names, student: "s")
        #expect(order.names == ["cvt_nano32", "hornet_nano_gf"])
    }
}
