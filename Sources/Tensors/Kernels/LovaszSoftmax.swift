import CKernels

/// What `Kernels/LovaszSoftmax.swift` asks of an element type.
public protocol LovaszKernels {
    /// The Lovász extension of the Jaccard loss of one class, of which there is a label at least, for probabilities
    /// p [rows, columns]; `share` times its gradient by p[r, class] goes to the gradient of rows that count. `room` holds
    /// 4 `rows` numbers of 32 bits.
    static func lovaszClass(
        _ p: UnsafePointer<Self>, _ labels: UnsafePointer<UInt8>, ignored: UInt8, class: Int, share: Double,
        _ gradient: UnsafeMutablePointer<Self>, room: UnsafeMutablePointer<UInt32>, _ rows: Int, _ columns: Int
    ) -> Double
}

// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension Float: LovaszKernels {
    public static func lovaszClass(
        _ p: UnsafePointer<Float>, _ labels: UnsafePointer<UInt8>, ignored: UInt8, class: Int, share: Double,
        _ gradient: UnsafeMutablePointer<Float>, room: UnsafeMutablePointer<UInt32>, _ rows: Int, _ columns: Int
    ) -> Double {
        hb_lovasz_class(p, labels, Int32(ignored), Int32(`class`), Float(share), gradient, room, rows, columns)
    }
}

// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension Double: LovaszKernels {
    public static func lovaszClass(
        _ p: UnsafePointer<Double>, _ labels: UnsafePointer<UInt8>, ignored: UInt8, class: Int, share: Double,
        _ gradient: UnsafeMutablePointer<Double>, room: UnsafeMutablePointer<UInt32>, _ rows: Int, _ columns: Int
    ) -> Double {
        func isOwn(_ r: Int) -> Bool { Int(labels[r]) == `class` }
        let counted = (0..<rows).filter { labels[$0] != ignored }
        let errors = counted.map { isOwn($0) ? 1 - p[$0 * columns + `class`] : p[$0 * columns + `class`] }
        let order = errors.indices.sorted { errors[$0] != errors[$1] ? errors[$0] > errors[$1] : $0 < $1 }
        let members = Double(counted.filter(isOwn).count)
        var (loss, before, intersection, union) = (0.0, 0.0, members, members)
        for place in order {
            let r = counted[place]
            if isOwn(r) { intersection -= 1 } else { union += 1 }
            let jaccard = 1 - intersection / union
            loss += errors[place] * (jaccard - before)
            gradient[r * columns + `class`] = share * (isOwn(r) ? before - jaccard : jaccard - before)
            before = jaccard
        }
        return loss
    }
}

extension Tensor {
    /// For self = probabilities [.., K]: the mean over the classes that occur of the Lovász extension of their Jaccard
    /// losses, 0 where nothing counts, and its gradient.
    package func lovaszLoss(labels: [UInt8], ignored: UInt8) -> (loss: Tensor, gradient: Tensor) {
        let (rows, columns) = (shape.rows, shape.columns)
        var occurs = [Bool](repeating: false, count: 256)
        for label in labels where label != ignored { occurs[Int(label)] = true }
        let classes = occurs.indices.filter { occurs[$0] }
        let losses = Storage<Double>(count: classes.count)
        let gradient = Tensor(shape) { gradient in
            parallelFor(elementCount, grain: elementGrain) { clear(gradient + $0.lowerBound, $0.count) }
            labels.withUnsafeBufferPointer { labels in
                guard let labels = labels.baseAddress else { return }
                read { p in
                    // The pool lends numbers only; each of these is as large as a float.
                    reserveScratch(Float.self, 4 * rows, chunks: classes.count)
                    parallelFor(classes.count, grain: 1) { range in
                        let storage = Storage<Float>(count: 4 * rows)
                        let room = UnsafeMutableRawPointer(storage.pointer).bindMemory(
                            to: UInt32.self, capacity: 4 * rows)
                        for i in range {
                            losses.pointer[i] = S.lovaszClass(
                                p, labels, ignored: ignored, class: classes[i], share: 1 / Double(classes.count),
                                gradient, room: room, rows, columns)
                        }
                        withExtendedLifetime(storage) {}
                    }
                }
            }
        }
        var sum = 0.0
        for i in classes.indices { sum += losses.pointer[i] }
        return (Tensor(classes.isEmpty ? 0 : S(sum / Double(classes.count))), gradient)
    }
}
