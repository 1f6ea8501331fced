/// The style of every page: light and dark by the reader's preference, readable by colour-blind people, on small screens
/// and on paper.
enum StyleSheet {
    static let text = """

        :root{--paper:#fff;--ground:#f6f6f4;--ink:#1b1f24;--soft:#59626c;--line:#e2e3e1;--grid:#ececea;--accent:#0b63a5;
        --heat:11 99 165;--miss:168 66 4;--miss-cell:214 100 22;--c0:#0b63a5;--c1:#b84a05;--c2:#12805c;--c3:#8a4f9e;--c4:#a87400;--c5:#4a5560;
        --c6:#2f9bd0;--c7:#b8336a;--wash:#eef3f8;--shade:0 1px 2px rgb(0 0 0/.05);--shadow:rgb(27 31 36/.28)}
        @media(prefers-color-scheme:dark){:root{--paper:#191c20;--ground:#111316;--ink:#e6e8ea;--soft:#99a2ac;--line:#2c3137;
        --grid:#272b31;--accent:#6cb2ee;--heat:74 152 219;--miss:238 132 62;--miss-cell:224 112 44;--c0:#6cb2ee;--c1:#f0904c;--c2:#4cc39a;
        --c3:#c995dd;--c4:#e2b84a;--c5:#aab4be;--c6:#8fd6fb;--c7:#f08bb0;--wash:#1c2630;--shade:none;--shadow:rgb(0 0 0/.75)}}
        @media print{:root{--paper:#fff;--ground:#fff;--ink:#000;--soft:#444;--line:#ccc;--grid:#e4e4e4;--accent:#0b63a5;
        --heat:11 99 165;--miss:168 66 4;--miss-cell:214 100 22;--c0:#0b63a5;--c1:#b84a05;--c2:#12805c;--c3:#8a4f9e;--c4:#a87400;--c5:#4a5560;
        --c6:#2f9bd0;--c7:#b8336a;--wash:#f4f4f4;--shade:none;--shadow:transparent}}
        *{box-sizing:border-box}
        html{-webkit-text-size-adjust:100%;scroll-padding-top:3.2rem}
        body{margin:0;background:var(--ground);color:var(--ink);font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,
        "Helvetica Neue","Noto Sans","Liberation Sans",Arial,sans-serif;font-variant-numeric:tabular-nums}
        header,main,nav,footer{max-width:1180px;margin:0 auto;padding:0 24px}
        header{padding-top:40px}
        .eyebrow{margin:0;color:var(--soft);font-size:13px;letter-spacing:.04em}
        h1{margin:.15em 0 .1em;font-size:34px;line-height:1.15;font-weight:650;letter-spacing:-.02em;overflow-wrap:anywhere}
        .headline{margin:.2em 0 0;font-size:19px;line-height:1.4;color:var(--soft);max-width:46em;text-wrap:pretty}
        .headline b{color:var(--ink);font-weight:650}
        h2{margin:0 0 4px;font-size:21px;font-weight:650;letter-spacing:-.01em}
        h3{margin:26px 0 8px;font-size:15px;font-weight:650}
        .lead{margin:0 0 16px;color:var(--soft);max-width:52em;text-wrap:pretty}
        section{padding:40px 0 0}
        h2+:not(.lead){margin-top:14px}
        .facts{display:grid;grid-template-columns:repeat(auto-fit,minmax(124px,1fr));margin:26px 0 0;padding:0;
        background:var(--paper);border:1px solid var(--line);border-radius:10px;overflow:hidden;list-style:none;
        box-shadow:var(--shade)}
        .facts li{box-shadow:1px 1px 0 var(--line);
        padding:12px 16px 11px;min-width:0}
        .facts small{display:block;font-size:12.5px;font-weight:400;color:var(--soft);line-height:1.2}
        .facts span{display:block;color:var(--soft);font-size:12.5px;line-height:1.35}
        .facts strong{display:block;font-size:20px;font-weight:620;letter-spacing:-.01em;line-height:1.3;white-space:nowrap}
        .facts .main strong{color:var(--accent)}
        .command{display:flex;gap:12px;align-items:baseline;margin:16px 0 0;padding:10px 16px;background:var(--paper);
        border:1px solid var(--line);border-radius:10px;font-size:13px}
        .command span{color:var(--soft);flex:none}
        code,.mono{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,"Noto Sans Mono","Liberation Mono",monospace;
        font-size:12.5px}
        .command code{overflow-wrap:anywhere;user-select:all}
        .warning{margin:16px 0 0;padding:10px 16px;border-left:3px solid rgb(var(--miss));background:var(--paper);
        border-radius:4px}
        nav{position:sticky;top:0;z-index:3;display:flex;gap:4px 20px;overflow-x:auto;margin-top:24px;padding-top:10px;
        padding-bottom:10px;background:var(--ground);scrollbar-width:none;font-size:13.5px;white-space:nowrap}
        nav a{color:var(--soft);text-decoration:none}
        nav a:hover,nav a:focus-visible{color:var(--accent)}
        footer{padding-top:48px;padding-bottom:36px;color:var(--soft);font-size:12.5px}
        .grid{display:grid;gap:16px}
        .grid.start{align-items:start}
        .two{grid-template-columns:repeat(auto-fit,minmax(min(100%,400px),1fr))}
        .single{max-width:640px}
        .wide{grid-template-columns:repeat(auto-fill,minmax(min(100%,350px),1fr))}
        .three{grid-template-columns:repeat(auto-fit,minmax(min(100%,270px),1fr))}
        .card,figure.chart{margin:0;background:var(--paper);border:1px solid var(--line);border-radius:10px;padding:14px 16px;
        box-shadow:var(--shade);min-width:0}
        .card h3{margin-top:0}
        figcaption{display:flex;flex-wrap:wrap;gap:2px 10px;align-items:baseline;font-size:13px}
        figcaption strong{font-size:14.5px;font-weight:650}
        figcaption span{color:var(--soft)}
        .legend{display:flex;flex-wrap:wrap;gap:0 12px;margin:0 0 0 auto;padding:0;list-style:none;color:var(--soft);
        font-size:12.5px}
        .key{display:inline-block;width:16px;height:0;border-top:2.5px solid;vertical-align:middle;margin-right:5px;
        border-color:currentColor}
        .key.dashed{border-top-style:dashed;border-top-width:2px}
        .legend li[role=button]{cursor:pointer;border-radius:4px}.legend li[aria-pressed=false]{text-decoration:line-through}
        .legend li[aria-pressed=false] .key{opacity:.25}.off{display:none}
        .plot{position:relative}.plot.wide{min-width:760px}.dots{min-width:600px}.plot[data-axis="1"],.plot[data-axis="2"]{display:none}
        .switched:has(#axis-1:checked) .plot[data-axis],.switched:has(#axis-2:checked) .plot[data-axis]{display:none}
        .switched:has(#axis-1:checked) .plot[data-axis="1"],.switched:has(#axis-2:checked) .plot[data-axis="2"]{display:block}
        .switch{display:flex;flex-wrap:wrap;gap:2px 14px;align-items:center;margin:0 0 12px;color:var(--soft);font-size:13px}
        .switch input{margin:0 5px 0 0;accent-color:var(--accent)}.switch label{margin-left:-14px;padding-right:4px;cursor:pointer}
        :not(svg)>svg{display:block;width:100%;height:auto;overflow:visible}
        svg:focus-visible{outline:2px solid var(--accent);outline-offset:2px;border-radius:4px}
        svg text{font-size:11.5px;fill:var(--soft);font-variant-numeric:tabular-nums}
        svg .grid{stroke:var(--grid)}
        svg .base,svg .mark{stroke:var(--line)}
        svg .stage{stroke:var(--soft);stroke-opacity:.55;stroke-dasharray:2 3}
        svg text.stage{stroke:none;font-size:11px}
        .curve{fill:none;stroke:currentColor;stroke-width:2;stroke-linejoin:round;stroke-linecap:round}
        .curve.dashed{stroke-dasharray:5 4}
        .curve.faint{stroke-width:1.25;stroke-opacity:.75}
        .dot{fill:currentColor}
        .spread{fill:currentColor;fill-opacity:.14;stroke:none}.band{fill:var(--c0);stroke:none}.b0{fill-opacity:.14}.b1{fill-opacity:.26}
        circle.note{fill:var(--paper);stroke:var(--ink);stroke-width:1.75}
        text.note{fill:var(--ink);font-weight:600;paint-order:stroke;stroke:var(--paper);stroke-width:3px}
        .ring{fill:var(--paper);fill-opacity:.6;stroke:currentColor;stroke-width:1.75}.mean{stroke:currentColor;stroke-width:3}
        a{color:var(--accent)}.rule{stroke:var(--soft);stroke-width:1}
        .c0{color:var(--c0)}.c1{color:var(--c1)}.c2{color:var(--c2)}.c3{color:var(--c3)}.c4{color:var(--c4)}
        .c5{color:var(--c5)}.c6{color:var(--c6)}.c7{color:var(--c7)}
        .readout{position:absolute;top:8px;z-index:2;pointer-events:none;background:var(--paper);border:1px solid var(--line);
        border-radius:7px;padding:6px 10px;font-size:12px;line-height:1.45;box-shadow:0 4px 14px rgb(0 0 0/.14);
        white-space:nowrap}
        .axes{position:absolute;top:-2px;right:0;display:flex;gap:4px;z-index:1;opacity:0;transition:opacity .15s}
        .plot:hover .axes,.plot:focus-within .axes,.plot.zoomed .axes{opacity:1}.plot:not(.zoomed) .axes .back{display:none}
        .axes button{font:inherit;font-size:11px;padding:1px 7px;border:1px solid var(--line);border-radius:6px;
        background:var(--paper);color:var(--soft);cursor:pointer}.axes button[aria-pressed=true]{color:var(--accent);border-color:var(--accent)}
        .chosen{fill:var(--accent);opacity:.14}.zoomed .note,.zoomed .stage{display:none}
        .readout b{display:block;font-weight:600}
        .readout div{display:flex;gap:14px;justify-content:space-between}
        .scroller{position:relative}
        .scroll{overflow-x:auto;max-width:100%;scrollbar-width:thin;scrollbar-color:var(--soft) transparent}
        .scroll:focus-visible{outline:2px solid var(--accent);outline-offset:2px;border-radius:4px}
        .limited{max-height:560px;overflow-y:auto}
        .scroller::before,.scroller::after{content:"";position:absolute;z-index:2;pointer-events:none;opacity:0}
        .scroller::after{content:"\\2192";display:flex;align-items:center;justify-content:flex-end;padding-right:3px;
        font-weight:700;top:0;bottom:0;right:0;width:34px;background:linear-gradient(to right,transparent,var(--shadow))}
        .scroller::before{content:"\\2193";text-align:center;line-height:44px;font-weight:700;left:0;right:0;bottom:0;height:34px;
        background:linear-gradient(transparent,var(--shadow))}
        .scroller.right::after,.scroller.below::before{opacity:1}
        .more{margin:8px 0 0;color:var(--soft);font-size:12.5px}
        table{border-collapse:collapse;width:100%;font-size:13.5px}
        th,td{padding:5px 12px 5px 0;text-align:left;border-bottom:1px solid var(--grid);vertical-align:baseline}
        th:last-child,td:last-child{padding-right:4px}
        thead th{position:sticky;top:0;background:var(--paper);color:var(--soft);font-weight:550;font-size:12.5px;
        border-bottom:1px solid var(--line);white-space:nowrap;z-index:1}
        tbody tr:last-child td{border-bottom:0}
        .n{text-align:right;white-space:nowrap}
        td.unbroken{white-space:nowrap}
        td.none,td.soft{color:var(--soft)}
        td.best{font-weight:650;color:var(--accent)}
        td.barred{position:relative;isolation:isolate;min-width:84px}
        td.barred:last-child .bar{right:4px}
        .bar{position:absolute;z-index:-1;right:12px;left:22px;bottom:2px;height:2px;background:var(--grid);border-radius:2px}
        .bar::before{content:"";position:absolute;inset:0 auto 0 0;width:var(--w);background:var(--accent);opacity:.6;
        border-radius:2px}
        th[aria-sort],table[data-sortable] th{cursor:pointer}
        th[aria-sort=ascending]::after{content:" \\2191"}th[aria-sort=descending]::after{content:" \\2193"}
        .matrix{width:auto;margin:0 auto;font-size:12.5px;border-collapse:separate;border-spacing:2px;
        --cell:clamp(26px,calc((min(100vw,1180px) - 240px)/var(--n,10)),52px)}
        .matrix td{width:var(--cell);min-width:var(--cell);height:var(--cell);padding:0;text-align:center;border:0;
        border-radius:4px;vertical-align:middle;background:rgb(var(--heat)/var(--a,0));color:var(--ink)}
        .matrix td.miss{background:rgb(var(--miss-cell)/var(--a,0))}
        .matrix td.zero{background:var(--ground)}
        .matrix .share,.switched:has(#cells-share:checked) .matrix .count{display:none}
        .switched:has(#cells-share:checked) .matrix .share{display:inline}
        .matrix th{position:static;vertical-align:middle;border:0;padding:2px 6px;background:none;text-align:center;
        white-space:nowrap;color:var(--soft);font-weight:550}
        .matrix thead th{vertical-align:bottom}.matrix.named thead th span{writing-mode:vertical-rl;transform:rotate(180deg)}
        .matrix.named thead th.corner span,.matrix .corner span{writing-mode:initial;transform:none;display:block;font-weight:400}
        .matrix .corner{text-align:right}
        .matrix th[scope=row]{text-align:right;position:sticky;left:0;background:var(--paper);z-index:1}
        .matrix.costs{margin:0}.matrix.costs td{width:72px;min-width:72px;height:34px}
        .matrix.costs td.zero{color:var(--soft);font-size:11px;line-height:1.2}
        .steps{justify-content:center;flex-wrap:wrap}
        .swatch{width:22px;height:14px;border-radius:3px;background:rgb(var(--heat)/var(--a))}
        .swatch.miss{background:rgb(var(--miss-cell)/var(--a))}
        .map td{padding:0 8px;min-width:64px}.map td b{font-weight:650;color:inherit}
        svg.sheet text{font-size:9px}svg.sheet .corner{font-size:11px}svg.sheet image{image-rendering:pixelated}
        @media screen and (prefers-color-scheme:dark){svg.sheet image{filter:invert(1) hue-rotate(180deg)}}
        .images{display:grid;grid-template-columns:repeat(auto-fill,minmax(108px,1fr));gap:14px 12px}
        .images figure{margin:0;min-width:0;font-size:12.5px;line-height:1.35}
        .images img,.strip img,.kernels img{image-rendering:pixelated;display:block;height:auto;background:var(--grid)}
        .images img{width:100%;aspect-ratio:1;object-fit:contain;border-radius:6px}
        .images p{margin:5px 0 0;display:flex;gap:6px;justify-content:space-between}
        .images p b{font-weight:600;overflow:hidden;text-overflow:ellipsis;white-space:nowrap}
        .images .said b{color:rgb(var(--miss))}
        .images img+img{margin-top:4px}.pair{margin:0 0 18px;scroll-margin-top:60px}.pair:target h3{color:rgb(var(--miss))}
        .matrix td a,td a{color:inherit;text-decoration-thickness:1px}.matrix td a{display:block;text-decoration:none}.matrix td a:hover{text-decoration:underline}
        .images .truth{margin-top:0;color:var(--soft)}
        .strips{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,400px),1fr));gap:8px 28px}
        .strip{display:grid;grid-template-columns:5.5em repeat(6,minmax(0,1fr));gap:5px;align-items:center;font-size:12.5px;
        color:var(--soft)}
        .strip span{overflow:hidden;text-overflow:ellipsis;white-space:nowrap}
        .strip img{width:100%;border-radius:4px}
        .strip .original{box-shadow:0 0 0 2px var(--paper),0 0 0 3.5px var(--accent)}
        .patch{display:inline-block;flex:none;width:12px;height:12px;margin-right:7px;border-radius:3px;vertical-align:-1px;
        box-shadow:inset 0 0 0 1px rgb(128 128 128/.55)}
        .patches{display:flex;flex-wrap:wrap;gap:3px 16px;margin:0 0 12px;padding:0;list-style:none;font-size:13px}
        .patches+.patches{color:var(--soft)}
        .pictures{display:grid;gap:12px}.pictures .card{padding-bottom:14px}
        .tiles{display:grid;grid-template-columns:repeat(4,minmax(0,1fr));gap:10px;margin-top:6px}
        .tiles.six{grid-template-columns:repeat(6,minmax(0,1fr))}.tiles.pair{grid-template-columns:repeat(2,minmax(0,1fr));
        max-width:900px}
        .tiles.pair .tile img{max-height:400px}
        .tile{margin:0;min-width:0;color:var(--soft);font-size:12.5px;line-height:1.5}
        .tile img{display:block;width:100%;height:auto;max-height:280px;object-fit:contain;border-radius:5px;background:var(--grid)}
        .tile.original img{box-shadow:0 0 0 2px var(--paper),0 0 0 3.5px var(--accent)}
        .kernels{display:grid;grid-template-columns:repeat(8,minmax(0,1fr));gap:4px}
        .kernels img{width:100%;border-radius:2px}
        .scale{display:flex;align-items:center;gap:8px;margin:8px 0 0;color:var(--soft);font-size:12px}
        .scale img{flex:1;height:8px;border-radius:2px;min-width:0;image-rendering:auto}
        .chain{display:flex;flex-wrap:wrap;gap:8px 0;align-items:center;margin:0 0 18px;padding:0;list-style:none}
        .chain li{padding:7px 14px;background:var(--paper);border:1px solid var(--line);border-radius:99px;font-weight:600}
        .chain li small{margin-left:8px;color:var(--soft);font-weight:400;font-size:12.5px}
        .chain li+li{margin-left:34px;position:relative}
        .chain li+li::before{content:"";position:absolute;left:-29px;top:50%;width:17px;border-top:1.5px solid var(--soft)}
        .chain li+li::after{content:"";position:absolute;left:-18px;top:calc(50% - 3.5px);width:7px;height:7px;
        border:solid var(--soft);border-width:1.5px 1.5px 0 0;transform:rotate(45deg)}
        .chain .student{border-color:var(--accent);color:var(--accent)}
        .set{color:rgb(var(--miss))}
        ol.plain{margin:0;padding-left:1.3em}ol.plain li{margin:3px 0}
        details{margin-top:12px}
        summary{cursor:pointer;color:var(--accent);font-size:13.5px}
        .tree td:first-child{white-space:pre}
        pre{overflow-x:auto;margin:0}
        @media(max-width:620px){header,main,nav,footer{padding-left:16px;padding-right:16px}header{padding-top:24px}
        h1{font-size:27px}.headline{font-size:17px}svg text{font-size:14px}svg.small text{font-size:11.5px}svg text.stage{font-size:13px}
        .facts{grid-template-columns:repeat(2,1fr)}.facts li:last-child:nth-child(odd){grid-column:span 2}
        .legend{margin-left:0;width:100%}.command{display:block}.command span{display:block}
        .tiles{grid-template-columns:1fr 1fr}.tiles.six{grid-template-columns:repeat(3,minmax(0,1fr))}
        .matrix{--cell:26px;font-size:11px;border-spacing:1px}.matrix th{padding:1px 3px}.spare{display:none}
        section{padding-top:30px}.card,figure.chart{padding:12px}}
        @page{margin:14mm 12mm}
        @media print{body{font-size:11px}nav,.axes,.readout,.switch,.more,.scroller::before,.scroller::after{display:none}
        header,main,footer{max-width:none;padding-left:0;padding-right:0}header{padding-top:0}section{padding-top:22px}
        h1,h2,h3,.lead{break-after:avoid}figure.chart,.images figure,.strip,.pictures .card,.kernels,.facts,tr,.matrix{break-inside:avoid}
        .two{grid-template-columns:1fr 1fr}.three,.wide{grid-template-columns:repeat(3,minmax(0,1fr))}.grid{gap:10px}
        .card,figure.chart{padding:8px 10px}thead{display:table-header-group}thead th{position:static}
        .images{grid-template-columns:repeat(8,minmax(0,1fr))}.strips{grid-template-columns:1fr 1fr}
        .matrix{--cell:30px;font-size:10px}
        .scroll{overflow:visible}.limited{max-height:none}.card,figure.chart{box-shadow:none}.facts{box-shadow:none}
        *{print-color-adjust:exact}}

        """
}
