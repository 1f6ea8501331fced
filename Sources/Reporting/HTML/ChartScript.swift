/// What charts do beyond showing: a part drawn larger, and logarithmic axes. It redraws what the page holds, so that all
/// contents stand without it.
enum ChartScript {
    static let text = """

        (function () {
          "use strict";
          var names = 0;
          function shape(name, attributes, text) {
            var made = document.createElementNS("http://www.w3.org/2000/svg", name);
            Object.keys(attributes).forEach(function (key) { made.setAttribute(key, attributes[key]); });
            if (text !== undefined) made.textContent = text;
            return made;
          }
          function place(axis, value) {
            var share = axis.log
              ? (Math.log(value) - Math.log(axis.low)) / (Math.log(axis.high) - Math.log(axis.low))
              : (value - axis.low) / (axis.high - axis.low);
            return axis.from + (axis.to - axis.from) * Math.min(20, Math.max(-20, share));
          }
          function value(axis, at) {
            var share = (at - axis.from) / (axis.to - axis.from);
            return axis.log ? axis.low * Math.pow(axis.high / axis.low, share) : axis.low + (axis.high - axis.low) * share;
          }
          function written(number, step, share) {
            var scaled = share ? number * 100 : number, size = Math.abs(share ? step * 100 : step);
            if (scaled !== 0 && (Math.abs(scaled) < 1e-3 || Math.abs(scaled) >= 1e6)) return scaled.toExponential(1);
            return scaled.toFixed(Math.max(0, Math.min(6, Math.ceil(-Math.log10(size) - 1e-9)))) + (share ? "%" : "");
          }
          function ticks(axis, count) {
            var found = [];
            if (axis.log) {
              var ratio = axis.high / axis.low, parts = ratio < 30 ? [1, 2, 5] : [1];
              for (var power = Math.floor(Math.log10(axis.low)); power <= Math.log10(axis.high); power += 1) {
                parts.forEach(function (part) {
                  var at = part * Math.pow(10, power);
                  if (at >= axis.low * 0.999 && at <= axis.high * 1.001) found.push([at, written(at, at, axis.share)]);
                });
              }
              if (found.length > 1) return found;
              found = [];
            }
            var least = (axis.high - axis.low) / count, unit = Math.pow(10, Math.floor(Math.log10(least)));
            var step = [1, 2, 2.5, 5, 10].filter(function (one) { return one * unit >= least * 0.999; })[0] * unit;
            if (axis.whole && !axis.log) step = Math.max(1, Math.round(step));
            for (var number = Math.ceil(axis.low / step - 1e-9); number * step <= axis.high + step * 1e-9; number += 1) {
              found.push([number * step, written(number * step, step, axis.share)]);
            }
            return found;
          }
          document.querySelectorAll("[data-chart]").forEach(function (figure) {
            var chart = figure.chart, svg = figure.querySelector("svg");
            var drawn = svg.querySelector(".drawn"), rows = svg.querySelector(".rows"), columns = svg.querySelector(".columns");
            if (!chart || !chart.data.axes || !drawn || !rows || !columns) return;
            var whole = chart.data.axes, view = null, first = { rows: rows.innerHTML, columns: columns.innerHTML };
            var positions = chart.data.x.slice(), shapes = [], points = [], ys = [];
            drawn.querySelectorAll("path").forEach(function (path) { shapes.push([path, path.getAttribute("d")]); });
            drawn.querySelectorAll("circle").forEach(function (dot) {
              shapes.push([dot, dot.getAttribute("cx") + " " + dot.getAttribute("cy")]);
            });
            shapes.forEach(function (one) {
              one[1].replace(/(-?[\\d.]+) (-?[\\d.]+)/g, function (all, x, y) {
                points.push([value(whole.x, Number(x)), value(whole.y, Number(y))]);
              });
            });
            if (points.length < 2) return;
            var lowest = Math.min.apply(null, points.map(function (point) { return point[1]; }));
            names += 1;
            var clip = shape("clipPath", { id: "clip-" + names });
            clip.append(shape("rect", {
              x: whole.x.from, y: whole.y.to - 2, width: whole.x.to - whole.x.from, height: whole.y.from - whole.y.to + 4
            }));
            svg.prepend(clip);
            function axes() {
              if (!view) view = { x: Object.assign({}, whole.x), y: Object.assign({}, whole.y) };
              return view;
            }
            function draw() {
              var isWhole = !view;
              var now = view || whole;
              figure.classList.toggle("zoomed", !isWhole);
              if (isWhole) drawn.removeAttribute("clip-path"); else drawn.setAttribute("clip-path", "url(#" + clip.id + ")");
              shapes.forEach(function (one) {
                var moved = isWhole ? one[1] : one[1].replace(/(-?[\\d.]+) (-?[\\d.]+)/g, function (all, x, y) {
                  return place(now.x, value(whole.x, Number(x))).toFixed(1) + " "
                    + place(now.y, value(whole.y, Number(y))).toFixed(1);
                });
                if (one[0].tagName === "path") return one[0].setAttribute("d", moved);
                one[0].setAttribute("cx", moved.split(" ")[0]);
                one[0].setAttribute("cy", moved.split(" ")[1]);
              });
              chart.data.x = positions.map(function (x) { return isWhole ? x : place(now.x, value(whole.x, x)); });
              if (isWhole) {
                rows.innerHTML = first.rows;
                columns.innerHTML = first.columns;
                return;
              }
              rows.replaceChildren();
              ticks(now.y, 5).forEach(function (tick) {
                var y = place(now.y, tick[0]);
                rows.append(
                  shape("line", { "class": "grid", x1: whole.x.from, x2: whole.x.to, y1: y, y2: y }),
                  shape("text", { "class": "tick", x: whole.x.from - 8, y: y + 4, "text-anchor": "end" }, tick[1]));
              });
              columns.replaceChildren();
              ticks(now.x, 5).forEach(function (tick) {
                var x = place(now.x, tick[0]);
                columns.append(
                  shape("line", { "class": "mark", x1: x, x2: x, y1: whole.y.from, y2: whole.y.from + 4 }),
                  shape("text", { "class": "tick", x: x, y: whole.y.from + 17, "text-anchor": "middle" }, tick[1]));
              });
            }
            function fit(low, high) {
              var now = axes();
              now.x.low = low;
              now.x.high = high;
              var seen = points.filter(function (point) { return point[0] >= low && point[0] <= high; });
              if (seen.length > 1) {
                var values = seen.map(function (point) { return point[1]; });
                var bottom = Math.min.apply(null, values), top = Math.max.apply(null, values);
                if (!now.y.log) {
                  var room = (top - bottom || Math.abs(top) || 1) * 0.05;
                  bottom -= room;
                  top += room;
                }
                if (top > bottom) {
                  now.y.low = bottom;
                  now.y.high = top;
                }
              }
              draw();
            }
            function zoom(factor) {
              var now = axes(), at = value(now.x, chart.data.x[chart.index]);
              if (!(at > now.x.low && at < now.x.high)) at = value(now.x, (now.x.from + now.x.to) / 2);
              var low = Math.max(whole.x.low, at - (at - now.x.low) * factor);
              var high = Math.min(whole.x.high, at + (now.x.high - at) * factor);
              if (low <= whole.x.low && high >= whole.x.high && !now.y.log && !(now.x.log && !whole.x.log)) reset();
              else if (high > low) fit(low, high);
            }
            function reset() {
              view = null;
              buttons.forEach(function (button) { button.setAttribute("aria-pressed", "false"); });
              draw();
            }
            function turn(key, button) {
              var now = axes();
              now[key].log = !now[key].log;
              button.setAttribute("aria-pressed", now[key].log !== whole[key].log);
              if (key === "y" && now.y.log && now.y.low <= 0) now.y.low = lowest;
              draw();
            }
            var buttons = [], bar = document.createElement("div");
            bar.className = "axes";
            function button(text, title, act) {
              var made = document.createElement("button");
              made.type = "button";
              made.textContent = text;
              made.title = title;
              made.setAttribute("aria-pressed", "false");
              made.addEventListener("click", function () { act(made); });
              bar.append(made);
              return made;
            }
            if (lowest > 0) buttons.push(button("log y", "Equal ratios of values have equal lengths, or no longer", function (own) { turn("y", own); }));
            if (whole.x.low > 0) buttons.push(button("log x", "Equal ratios of positions have equal lengths, or no longer", function (own) { turn("x", own); }));
            var back = button("whole", "Shows all of the chart again", reset);
            back.className = "back";
            figure.prepend(bar);
            var start = null, box = shape("rect", { "class": "chosen", y: whole.y.to, height: whole.y.from - whole.y.to, visibility: "hidden" });
            svg.append(box);
            function position(event) {
              var frame = svg.getBoundingClientRect();
              var x = (event.clientX - frame.left) / frame.width * chart.width;
              return Math.min(whole.x.to, Math.max(whole.x.from, x));
            }
            svg.addEventListener("pointerdown", function (event) {
              if (event.button !== 0 || event.pointerType === "touch") return;
              start = position(event);
            });
            svg.addEventListener("pointermove", function (event) {
              if (start === null) return;
              var end = position(event);
              box.setAttribute("x", Math.min(start, end));
              box.setAttribute("width", Math.abs(end - start));
              box.setAttribute("visibility", Math.abs(end - start) > 5 ? "visible" : "hidden");
            });
            window.addEventListener("pointerup", function (event) {
              if (start === null) return;
              var end = position(event), from = start, now = view || whole;
              start = null;
              box.setAttribute("visibility", "hidden");
              if (Math.abs(end - from) > 5) fit(value(now.x, Math.min(from, end)), value(now.x, Math.max(from, end)));
            });
            svg.addEventListener("dblclick", reset);
            svg.addEventListener("keydown", function (event) {
              if (event.key === "+") zoom(0.5);
              else if (event.key === "-") zoom(2);
              else if (event.key === "0") reset();
              else if (event.key === "l" && lowest > 0) turn("y", buttons[0]);
            });
          });
        })();

        """
}
