import Autograd
import Tensors
import TestSupport
import Testing

/// Labels of pixels: each class now and then, and about one in seven ignored.
func pixelLabels(_ count: Int, classes: Int, ignored: UInt8 = 255) -> [UInt8] {
    (0..<count).map { $0 * 11 % 7 == 3 ? ignored : UInt8($0 * 13 % 31 % classes) }
}

/// A loss of rows of logits with labels, for every scalar type.
protocol PixelLoss {
    func callAsFunction<S>(_ x: Variable<S>, _ labels: [UInt8]) -> Variable<S>
}

private struct Labelled<Loss: PixelLoss>: ScalarFunction {
    let loss: Loss
    let labels: [UInt8]
    func callAsFunction<S>(_ x: [Variable<S>]) -> [Variable<S>] { [loss(x[0], labels)] }
}

extension PixelLoss {
    /// The fast kernel against the reference, over rows that fill blocks of sixteen and rows that do not.
    func expectPrecision(classes: Int, tolerance: Double, rows: [Int] = [1, 5, 16, 33, 1000]) {
        for rows in rows {
            let function = Labelled(loss: self, labels: pixelLabels(rows, classes: classes))
            let error = function.largestError([[rows, classes]], scale: 3)
            #expect(error < tolerance, "\(rows) rows of \(classes) classes")
        }
    }

    /// The same bits on any threads, for rows enough for several chunks.
    func expectSameOnAnyThreads(classes: Int) {
        for rows in [40_000 / classes + 7, 20_011] {
            let function = Labelled(loss: self, labels: pixelLabels(rows, classes: classes))
            #expect(function.threadViolations([[rows, classes]]) == [], "\(rows) rows of \(classes) classes")
        }
    }

    /// 0 and a gradient of zeros when every row is ignored; logits of rows that are ignored change nothing, not even those
    /// that are no numbers.
    func expectIgnoredRowsToCountForNothing(classes: Int) {
        func run(_ x: Tensor<Float>, _ labels: [UInt8]) -> (Float, [Float]) {
            let tape = Tape<Float>()
            let leaf = tape.leaf(x)
            let y = self(leaf, labels)
            tape.backward(from: y, cotangent: Tensor(2))
            return (y.value.item, tape.gradient(of: leaf)?.array ?? [])
        }
        let x = operands([[37, classes]])[0]
        let (loss, gradient) = run(x, [UInt8](repeating: 255, count: 37))
        #expect(loss == 0)
        #expect(gradient == [Float](repeating: 0, count: 37 * classes))

        let labels = pixelLabels(37, classes: classes)
        var changed = x.array
        for (r, label) in labels.enumerated() where label == 255 {
            for c in 0..<classes { changed[r * classes + c] = .infinity }
        }
        let (before, after) = (run(x, labels), run(Tensor([37, classes], changed), labels))
        #expect(before.0 == after.0 && before.0 != 0)
        #expect(before.1 == after.1)
        for (r, label) in labels.enumerated() where label == 255 {
            #expect(before.1[r * classes..<(r + 1) * classes].allSatisfy { $0 == 0 })
        }
    }
}
