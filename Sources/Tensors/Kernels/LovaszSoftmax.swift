import CKernels

/// What `Kernels/LovaszSoftmax.swift` asks of an element type.
public protocol LovaszKernels {
    /// The Lovász extension of the Jaccard loss of one class, of which there is a label at least, for its probabilities p
    /// in all rows. The gradient is `share` times that of each p, 0 where a row does not count. `room` holds 4 `rows`
    /// numbers of 32 bits.
    static func lovaszClass(
        _ p: UnsafePointer<Self>, _ labels: UnsafePointer<UInt8>, ignored: UInt8, class: Int, share: Double,
        _ gradient: UnsafeMutablePointer<Self>, room: UnsafeMutablePointer<UInt32>, _ rows: Int
    ) -> Double
}

// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension Float: LovaszKernels {
    public static func lovaszClass(
        _ p: UnsafePointer<Float>, _ labels: UnsafePointer<UInt8>, ignored: UInt8, class: Int, share: Double,
        _ gradient: UnsafeMutablePointer<Float>, room: UnsafeMutablePointer<UInt32>, _ rows: Int
    ) -> Double { hb_lovasz_class(p, labels, Int32(ignored), Int32(`class`), Float(share), gradient, room, rows) }
}

// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension Double: LovaszKernels {
    public static func lovaszClass(
        _ p: UnsafePointer<Double>, _ labels: UnsafePointer<UInt8>, ignored: UInt8, class: Int, share: Double,
        _ gradient: UnsafeMutablePointer<Double>, room: UnsafeMutablePointer<UInt32>, _ rows: Int
    ) -> Double {
        clear(gradient, rows)
        func isOwn(_ r: Int) -> Bool { Int(labels[r]) == `class` }
        let errors = (0..<rows).map { isOwn($0) ? 1 - p[$0] : p[$0] }
        let counted = (0..<rows).filter { labels[$0] != ignored }
        let members = Double(counted.filter(isOwn).count)
        var (loss, before, intersection, union) = (0.0, 0.0, members, members)
        for r in counted.sorted(by: { errors[$0] != errors[$1] ? errors[$0] > errors[$1] : $0 < $1 }) {
            if isOwn(r) { intersection -= 1 } else { union += 1 }
            let jaccard = 1 - intersection / union
            loss += errors[r] * (jaccard - before)
            gradient[r] = share * (isOwn(r) ? before - jaccard : jaccard - before)
            before = jaccard
        }
        return loss
    }
}

extension Tensor {
    /// For self = probabilities [rows, K]: the mean over the classes that occur of the Lovász extension of their Jaccard
    /// losses, 0 where nothing counts, and its gradient. Each class is a task, whose probabilities are brought together.
    package func lovaszLoss(labels: [UInt8], ignored: UInt8) -> (loss: Tensor, gradient: Tensor) {
        let (rows, columns) = (shape.rows, shape.columns)
        var occurs = [Bool](repeating: false, count: 256)
        for label in labels where label != ignored { occurs[Int(label)] = true }
        let classes = occurs.reduce(0) { $0 + ($1 ? 1 : 0) }
        let losses = Storage<Double>(count: columns)
        let gradient = Tensor([columns, rows]) { gradient in
            labels.withUnsafeBufferPointer { labels in
                guard let labels = labels.baseAddress else { return }
                reshaped([rows, columns]).transposed([1, 0]).read { p in
                    // The pool lends numbers only; each of these is as large as a float.
                    reserveScratch(Float.self, 4 * rows, chunks: columns)
                    parallelFor(columns, grain: 1) { range in
                        let storage = Storage<Float>(count: 4 * rows)
                        let room = UnsafeMutableRawPointer(storage.pointer).bindMemory(
                            to: UInt32.self, capacity: 4 * rows)
                        for c in range {
                            losses.pointer[c] = 0
                            guard occurs[c] else {
                                clear(gradient + c * rows, rows)
                                continue
                            }
                            losses.pointer[c] = S.lovaszClass(
                                p + c * rows, labels, ignored: ignored, class: c, share: 1 / Double(classes),
                                gradient + c * rows, room: room, rows)
                        }
                        withExtendedLifetime(storage) {}
                    }
                }
            }
        }
        var sum = 0.0
        for c in 0..<columns { sum += losses.pointer[c] }
        return (Tensor(classes == 0 ? 0 : S(sum / Double(classes))), gradient.transposed([1, 0]).reshaped(shape))
    }
}
