import Datasets
import Detection
import Testing

struct BoxTests {
    @Test func boxesThatOnlyTouchHaveNothingInCommon() {
        let (one, next) = (Box(left: 0, top: 0, right: 2, bottom: 2), Box(left: 2, top: 0, right: 4, bottom: 2))
        #expect(BoxOverlap.union(one, next) == 0)
    }
}
