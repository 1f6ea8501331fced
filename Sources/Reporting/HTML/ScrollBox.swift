/// A part of a page that may be wider or higher than its place: it scrolls, by keyboard too, and says that it goes on.
struct ScrollBox {
    /// What is in it, for readers without a picture.
    let label: String
    /// Whether it is at most so high that a screen holds it.
    var isLimited = false
    let body: Markup

    var markup: Markup {
        let kind: Markup = isLimited ? " limited" : ""
        return """
            <div class="scroller"><div class="scroll\(kind)" tabindex="0" role="region" aria-label="\(label)">\(body)</div></div>
            """
    }
}
