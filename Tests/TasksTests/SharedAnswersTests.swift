import Datasets
import Distributed
import Tasks
import Tensors
import TestSupport
import Testing

@Suite struct SharedAnswersTests {
    @Test func everyRankTakesAllAnswersInOrderAndGivesItsOwnAlone() throws {
        for (ranks, count) in [(1, 5), (2, 5), (4, 5), (4, 8), (4, 0)] {
            let results = LocalNetwork.run(ranks) { group -> (given: [Int], taken: [Double]) in
                var (position, given, taken) = (0, [Int](), [Double]())
                try group.share {
                    defer { position += 1 }
                    return position < count ? position : nil
                } answer: { index in
                    given.append(index)
                    return PixelAnswers(classes: [UInt8(index)], loss: Double(index) / 3)
                } take: { index, answer in
                    #expect(answer.classes == [UInt8(index)])
                    taken.append(answer.loss)
                }
                return (given, taken)
            }
            let losses = (0..<count).map { Double($0) / 3 }
            for (rank, result) in results.enumerated() {
                let found = try result.get()
                #expect(found.taken == losses, "rank \(rank) of \(ranks)")
                #expect(found.given == Array(stride(from: rank, to: count, by: ranks)), "rank \(rank) of \(ranks)")
            }
        }
    }

    @Test func anAnswerArrivesAsItWent() {
        let mask = MaskPatch(side: 2, values: [0.1, 0.2, 1 / 3, -0.0])
        let answer = ImageAnswer(
            objects: [
                DetectedObject(box: Box(left: 1, top: 0.1, right: 3, bottom: 4), classIndex: 2, score: 0.7, mask: mask),
                DetectedObject(box: Box(left: -1, top: 0, right: 1e9, bottom: 1e-9), classIndex: 0, score: 0.1),
            ], loss: .pi)
        let tensor = Tensor<Float>([2, 1], [0.5, -3])
        var message = ByteMessage()
        [answer, answer].write(to: &message)
        [tensor].write(to: &message)
        var read = ByteMessage(message.bytes)
        #expect([ImageAnswer](from: &read) == [answer, answer])
        let tensors = [Tensor<Float>](from: &read)
        #expect(tensors.map(\.shape) == [tensor.shape] && tensors[0].array == tensor.array)
        #expect(!read.hasMore)
    }
}
