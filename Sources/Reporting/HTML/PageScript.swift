/// What a page does beyond showing: reading values off charts and sorting tables. All contents stand without it.
enum PageScript {
    static let text = """

        (function () {
          "use strict";
          var charts = [];
          function element(name, text, kind) {
            var made = document.createElement(name);
            if (text !== undefined) made.textContent = text;
            if (kind) made.className = kind;
            return made;
          }
          function show(chart, index, leads) {
            var x = chart.data.x[index];
            chart.rule.setAttribute("x1", x);
            chart.rule.setAttribute("x2", x);
            chart.rule.setAttribute("visibility", "visible");
            chart.readout.hidden = !leads;
            if (!leads) return;
            chart.readout.replaceChildren(element("b", chart.data.labels[index]));
            chart.data.series.forEach(function (series) {
              if (series.values[index] === null || chart.hidden[series.name]) return;
              var row = element("div"), name = element("span");
              name.append(element("i", "", "key c" + series.color), series.name);
              row.append(name, element("span", series.values[index]));
              chart.readout.append(row);
            });
            var share = x / chart.width;
            chart.readout.style.left = share < 0.5 ? "calc(" + share * 100 + "% + 12px)" : "auto";
            chart.readout.style.right = share < 0.5 ? "auto" : "calc(" + (1 - share) * 100 + "% + 12px)";
            chart.index = index;
          }
          function hide() {
            charts.forEach(function (chart) {
              chart.rule.setAttribute("visibility", "hidden");
              chart.readout.hidden = true;
            });
          }
          function nearest(values, wanted) {
            var best = 0;
            values.forEach(function (value, index) {
              if (Math.abs(value - wanted) < Math.abs(values[best] - wanted)) best = index;
            });
            return best;
          }
          function lead(chart, index) {
            var label = chart.data.labels[index];
            charts.forEach(function (other) {
              var same = other === chart ? index : other.data.labels.indexOf(label);
              if (same >= 0) show(other, same, other === chart);
            });
          }
          document.querySelectorAll("[data-chart]").forEach(function (figure) {
            var svg = figure.querySelector("svg");
            var chart = {
              data: JSON.parse(figure.querySelector("script").textContent), rule: figure.querySelector(".rule"),
              readout: figure.querySelector(".readout"), width: svg.viewBox.baseVal.width, index: 0, hidden: {}
            };
            figure.chart = chart;
            if (!chart.data.x.length) return;
            charts.push(chart);
            svg.addEventListener("pointermove", function (event) {
              var box = svg.getBoundingClientRect();
              lead(chart, nearest(chart.data.x, (event.clientX - box.left) / box.width * chart.width));
            });
            svg.addEventListener("pointerleave", hide);
            svg.addEventListener("blur", hide);
            svg.addEventListener("keydown", function (event) {
              var move = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
              if (!move) return;
              event.preventDefault();
              lead(chart, Math.min(chart.data.x.length - 1, Math.max(0, chart.index + move)));
            });
          });
          function set(item, shown) {
            item.setAttribute("aria-pressed", shown);
            item.closest("figure").querySelectorAll("[data-chart]").forEach(function (plot) {
              var curve = plot.querySelector("svg [data-series='" + item.dataset.series + "']");
              if (curve) curve.classList.toggle("off", !shown);
              plot.chart.hidden[item.textContent] = !shown;
            });
          }
          document.querySelectorAll(".legend [data-series]").forEach(function (item) {
            function toggle() {
              var shown = item.getAttribute("aria-pressed") === "false";
              var group = item.closest("[data-linked]");
              if (!group) return set(item, shown);
              group.querySelectorAll(".legend [data-series]").forEach(function (other) {
                if (other.textContent === item.textContent) set(other, shown);
              });
            }
            item.tabIndex = 0;
            item.setAttribute("role", "button");
            item.setAttribute("aria-pressed", "true");
            item.title = "Hides the curve, or shows it again";
            item.addEventListener("click", toggle);
            item.addEventListener("keydown", function (event) {
              if (event.key !== "Enter" && event.key !== " ") return;
              event.preventDefault();
              toggle();
            });
          });
          document.querySelectorAll(".scroll").forEach(function (box) {
            var wide, high;
            function mark() {
              wide = box.scrollWidth - box.clientWidth;
              high = box.scrollHeight - box.clientHeight;
              box.parentNode.classList.toggle("right", wide > 1 && box.scrollLeft < wide - 1);
              box.parentNode.classList.toggle("below", high > 1 && box.scrollTop < high - 1);
              if (wide > 1 || high > 1) box.tabIndex = 0; else box.removeAttribute("tabindex");
            }
            mark();
            box.addEventListener("scroll", mark, { passive: true });
            window.addEventListener("resize", mark);
            document.addEventListener("toggle", mark, true);
          });
          document.querySelectorAll("table[data-sortable]").forEach(function (table) {
            var titles = table.querySelectorAll("th"), body = table.tBodies[0];
            titles.forEach(function (title, column) {
              function sort() {
                var down = title.getAttribute("aria-sort") !== "descending";
                titles.forEach(function (other) { other.removeAttribute("aria-sort"); });
                title.setAttribute("aria-sort", down ? "descending" : "ascending");
                function key(row) {
                  var cell = row.cells[column];
                  return cell.dataset.order === undefined ? cell.textContent : Number(cell.dataset.order);
                }
                Array.from(body.rows).sort(function (a, b) {
                  var first = key(a), second = key(b);
                  var order = typeof first === "number" ? first - second : String(first).localeCompare(String(second));
                  return down ? -order : order;
                }).forEach(function (row) { body.append(row); });
              }
              title.tabIndex = 0;
              title.addEventListener("click", sort);
              title.addEventListener("keydown", function (event) { if (event.key === "Enter") sort(); });
            });
          });
        })();

        """
}
