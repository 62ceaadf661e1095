'use strict';
/* global Chart, document, window, getComputedStyle, matchMedia */
/* Draws the charts whose numbers and texts stand ready in #report-data. It computes no statistics and writes no number. */
(() => {
  const ROW = 56;
  const AXIS = 34;
  const LABEL_ABOVE = 15;
  const JITTER = 0.17;

  const root = document.documentElement;

  /** The other language lies in a template; the URL says which one is read. */
  function speak() {
    const wanted = new URLSearchParams(window.location.search).get('lang');
    const template = document.getElementById(`report-${wanted}`);
    if (template) {
      document.getElementById('report').replaceChildren(template.content);
      root.lang = wanted;
      document.title = template.dataset.title;
      const { hash } = window.location;
      if (hash !== '') document.getElementById(decodeURIComponent(hash.slice(1)))?.scrollIntoView();
    }
    // The reader stays at the same place.
    for (const link of document.querySelectorAll('a[data-lang]')) {
      link.addEventListener('click', () => {
        link.href = `?lang=${link.dataset.lang}${window.location.hash}`;
      });
    }
  }

  speak();
  const data = JSON.parse(document.getElementById(`report-data-${root.lang}`).textContent);
  const drawn = new Map();

  const color = (name) => getComputedStyle(root).getPropertyValue(`--${name}`).trim();
  const font = (weight, size) => `${weight} ${size}px ${getComputedStyle(document.body).fontFamily}`;

  /** A color with an opacity of its own, whatever it is written as. */
  function faded(context, value, opacity) {
    context.globalAlpha = opacity;
    context.fillStyle = value;
    context.strokeStyle = value;
  }

  function drawLabels(chart, spec) {
    const { ctx, chartArea, scales } = chart;
    ctx.textBaseline = 'alphabetic';
    spec.rows.forEach((row, index) => {
      const y = scales.y.getPixelForValue(index) - LABEL_ABOVE;
      let x = chartArea.left;
      ctx.font = font(650, 13);
      // A long name is drawn narrower rather than lose the value beside it.
      const beside = ctx.measureText(row.value).width + 9;
      const write = (text, weight, ink, reserved = 0) => {
        ctx.font = font(weight, 13);
        const natural = ctx.measureText(text).width;
        if (x > chartArea.left && x + natural > chartArea.right) return false;
        const width = Math.min(natural, chartArea.right - x - reserved);
        // A ground of its own, so that grid lines do not run through the text.
        ctx.fillStyle = color('paper');
        ctx.fillRect(x - 4, y - 12, width + 9, 17);
        ctx.fillStyle = ink;
        ctx.fillText(text, x, y, width);
        x += width + 9;
        return true;
      };
      if (write(row.label, 600, color(row.tone), beside) && write(row.value, 650, color('ink'))) {
        write(row.detail, 400, color('quiet'));
      }
    });
  }

  function drawBand(chart, spec) {
    if (!spec.band) return;
    const { ctx, chartArea, scales } = chart;
    const [left, right, one] = [...spec.band, 1].map((value) => scales.x.getPixelForValue(value));
    faded(ctx, color('quiet'), 0.14);
    ctx.fillRect(left, chartArea.top, right - left, chartArea.bottom - chartArea.top);
    faded(ctx, color('ink'), 0.9);
    ctx.fillRect(one - 0.5, chartArea.top, 1, chartArea.bottom - chartArea.top);
  }

  /** An end without a bound runs to the edge and ends in an arrow. */
  function drawInterval(chart, row, y, thickness, opacity) {
    if (!row.interval) return;
    const { ctx, chartArea, scales } = chart;
    const { lo, hi } = row.interval;
    const left = lo === null ? chartArea.left : scales.x.getPixelForValue(lo);
    const right = hi === null ? chartArea.right : scales.x.getPixelForValue(hi);
    faded(ctx, color(row.tone), opacity);
    const width = Math.max(right - left, 1.5);
    ctx.fillRect(left, y - thickness / 2, width, thickness);
    ctx.globalAlpha = 1;
    if (hi === null) {
      ctx.beginPath();
      ctx.moveTo(chartArea.right, y);
      ctx.lineTo(chartArea.right - 8, y - 6);
      ctx.lineTo(chartArea.right - 8, y + 6);
      ctx.fill();
    }
  }

  function drawDiamond(ctx, x, y, hollow) {
    ctx.beginPath();
    ctx.moveTo(x, y - 6);
    ctx.lineTo(x + 6, y);
    ctx.lineTo(x, y + 6);
    ctx.lineTo(x - 6, y);
    ctx.closePath();
    if (hollow) {
      const ink = ctx.fillStyle;
      ctx.fillStyle = color('paper');
      ctx.fill();
      ctx.fillStyle = ink;
      ctx.lineWidth = 1.75;
      ctx.stroke();
    } else ctx.fill();
  }

  function drawMarks(chart, spec) {
    const { ctx, scales } = chart;
    spec.rows.forEach((row, index) => {
      const y = scales.y.getPixelForValue(index) + 4;
      const x = row.middle === null ? null : scales.x.getPixelForValue(row.middle);
      if (spec.kind === 'forest') {
        drawInterval(chart, row, y, 2, 1);
        faded(ctx, color(row.tone), 1);
        if (x !== null) drawDiamond(ctx, x, y, row.hollow);
      } else if (spec.kind === 'dots') {
        drawInterval(chart, row, y, 18, 0.22);
        faded(ctx, color(row.tone), 1);
        if (x !== null) ctx.fillRect(x - 1, y - 12, 2, 24);
      }
    });
  }

  /** The whisker of a bar lies above it. */
  function drawWhiskers(chart, spec) {
    if (spec.kind !== 'bars') return;
    const { scales } = chart;
    spec.rows.forEach((row, index) => {
      const whisker = { ...row, tone: 'ink' };
      const { lo, hi } = row.interval ?? {};
      if (lo !== hi) drawInterval(chart, whisker, scales.y.getPixelForValue(index) + 4, 2, 0.75);
    });
  }

  const marks = (spec) => ({
    id: 'marks',
    beforeDatasetsDraw(chart) {
      chart.ctx.save();
      drawBand(chart, spec);
      drawMarks(chart, spec);
      chart.ctx.restore();
    },
    afterDatasetsDraw(chart) {
      chart.ctx.save();
      drawWhiskers(chart, spec);
      drawNames(chart, spec);
      chart.ctx.globalAlpha = 1;
      drawLabels(chart, spec);
      chart.ctx.restore();
    },
  });

  /** Dots from top to bottom in the order of blocks, within their row. */
  function dots(spec) {
    const shift = 4 / ROW;
    return spec.rows.map((row, index) => ({
      type: 'scatter',
      label: row.label,
      data: row.points.map((point, at, all) => ({
        x: point.value,
        y: index + shift + (all.length < 2 ? 0 : JITTER * ((2 * at) / (all.length - 1) - 1)),
        text: point.text,
      })),
      pointStyle: row.points.map((point) => (point.marked ? 'triangle' : 'circle')),
      radius: row.points.map((point) => (point.marked ? 4.5 : 3)),
      hoverRadius: 5,
      borderWidth: 1.25,
      borderColor: color(row.tone),
      backgroundColor: row.hollow ? 'transparent' : `color-mix(in srgb, ${color(row.tone)} 55%, transparent)`,
    }));
  }

  /** A bar is a floating one on the same numeric rows as everything else. */
  function bars(spec) {
    return [
      {
        type: 'bar',
        indexAxis: 'y',
        data: spec.rows.map((row, index) => ({
          x: row.middle ?? 0,
          y: index + 4 / ROW,
          text: `${row.value} ${row.detail}`,
        })),
        barThickness: 12,
        borderWidth: 1.5,
        borderColor: spec.rows.map((row) => color(row.tone)),
        backgroundColor: spec.rows.map((row) => (row.hollow ? 'transparent' : color(row.tone))),
      },
    ];
  }

  /** A line through the named points of a start. */
  function timelines(spec) {
    return spec.rows.map((row, index) => ({
      type: 'scatter',
      showLine: true,
      data: row.points.map(({ value, text }) => ({ x: value, y: index + 4 / ROW, text })),
      radius: 4.5,
      hoverRadius: 6,
      borderWidth: 3,
      borderColor: color(row.tone),
      backgroundColor: row.hollow ? color('paper') : color(row.tone),
    }));
  }

  /** Names below the points; of those that would meet the later one is written. */
  function drawNames(chart, spec) {
    if (spec.kind !== 'timeline') return;
    const { ctx, chartArea, scales } = chart;
    ctx.font = font(400, 12);
    ctx.fillStyle = color('quiet');
    ctx.textBaseline = 'alphabetic';
    spec.rows.forEach((row, index) => {
      const y = scales.y.getPixelForValue(index) + 24;
      let free = chartArea.right;
      for (const { value, name } of row.points.toReversed()) {
        const width = ctx.measureText(name).width;
        const x = Math.min(scales.x.getPixelForValue(value) + width / 2, chartArea.right) - width;
        if (x + width > free || x < chartArea.left) continue;
        ctx.fillText(name, x, y);
        free = x - 8;
      }
    });
  }

  /** Each part of a bar from where the one before it ends; the first is the darkest. */
  function stacks(spec) {
    const parts = Math.max(...spec.rows.map(({ points }) => points.length));
    return Array.from({ length: parts }, (_, part) => ({
      type: 'bar',
      indexAxis: 'y',
      grouped: false,
      data: spec.rows.flatMap(({ points }, index) =>
        points[part]
          ? [{ x: [points[part - 1]?.value ?? 0, points[part].value], y: index + 4 / ROW, text: points[part].text }]
          : [],
      ),
      barThickness: 12,
      borderSkipped: false,
      borderWidth: 1.5,
      borderColor: spec.rows.map((row) => color(row.tone)),
      backgroundColor: spec.rows.map((row) => {
        if (row.hollow) return 'transparent';
        return part === 0 ? color(row.tone) : `color-mix(in srgb, ${color(row.tone)} 30%, transparent)`;
      }),
    }));
  }

  /** Nothing to see, but a place for the pointer. */
  function places(spec) {
    return [
      {
        type: 'scatter',
        data: spec.rows.flatMap((row, index) =>
          row.middle === null ? [] : [{ x: row.middle, y: index + 4 / ROW, text: `${row.value} ${row.detail}` }],
        ),
        radius: 0,
        hitRadius: 10,
      },
    ];
  }

  const CURVES = 320;
  const POINTS = ['circle', 'rect', 'triangle', 'rectRot', 'cross'];
  const DASHES = [[], [6, 3], [2, 3], [8, 3, 2, 3]];

  /** One line a ramp. */
  function curves(spec) {
    return spec.lines.map((line) => ({
      type: 'scatter',
      showLine: true,
      stepped: spec.stepped === true ? 'before' : false,
      data: line.points,
      pointStyle: POINTS[line.style % POINTS.length],
      radius: spec.stepped === true ? 2 : 3.5,
      hoverRadius: 6,
      borderWidth: 1.5,
      borderDash: DASHES[line.style % DASHES.length],
      borderColor: color(line.tone),
      backgroundColor: color(line.tone),
    }));
  }

  /** The runner's name where its line ends; names that would meet move up, or down where there is no room above. */
  function drawEnds(chart, spec) {
    const { ctx, chartArea, scales } = chart;
    ctx.font = font(600, 13);
    ctx.textBaseline = 'middle';
    const ends = spec.lines.flatMap(({ label, labelAt, tone, points }) => {
      const last = points.at(labelAt ?? -1);
      if (label === null || !last) return [];
      const width = ctx.measureText(label).width;
      const x = Math.min(scales.x.getPixelForValue(last.x) + 8, chart.width - width - 2);
      return [{ label, tone, x, y: scales.y.getPixelForValue(last.y), width }];
    });
    const placed = [];
    const meets = (a, b) => Math.abs(a.y - b.y) < 16 && a.x < b.x + b.width + 6 && b.x < a.x + a.width + 6;
    for (const end of ends.toSorted((a, b) => b.y - a.y)) {
      const top = chartArea.top + 8;
      const at = Math.max(end.y, top);
      for (const step of [-16, 16]) {
        end.y = at;
        for (let other = placed.find((one) => meets(one, end)); other; other = placed.find((one) => meets(one, end))) {
          end.y = other.y + step;
        }
        if (end.y >= top) break;
      }
      placed.push(end);
      const { y } = end;
      ctx.globalAlpha = 0.8;
      ctx.fillStyle = color('paper');
      ctx.fillRect(end.x - 2, y - 8, end.width + 4, 16);
      ctx.globalAlpha = 1;
      ctx.fillStyle = color(end.tone);
      ctx.fillText(end.label, end.x, y);
    }
  }

  const ends = (spec) => ({
    id: 'ends',
    afterDatasetsDraw(chart) {
      chart.ctx.save();
      drawEnds(chart, spec);
      chart.ctx.restore();
    },
  });

  const DATASETS = { dots, bars, forest: places, timeline: timelines, stack: stacks, curves };

  /** A scale as it was decided where the report was made. */
  function scaleOf(axis, title) {
    return {
      type: axis.log ? 'logarithmic' : 'linear',
      min: axis.min,
      max: axis.max,
      afterBuildTicks: (scale) => {
        scale.ticks = axis.ticks.map(({ value }) => ({ value }));
      },
      border: { color: color('strong-rule') },
      grid: { color: color('rule'), tickColor: color('strong-rule'), tickLength: 5 },
      title: { display: title !== undefined, text: title, color: color('quiet'), font: { size: 12 } },
      ticks: {
        color: color('quiet'),
        font: { size: 12 },
        maxRotation: 0,
        autoSkipPadding: 14,
        callback: (value) => axis.ticks.find((tick) => tick.value === value)?.label ?? '',
      },
    };
  }

  function scalesOf(spec) {
    if (spec.kind === 'curves') return { x: scaleOf(spec.axis, spec.axisTitle), y: scaleOf(spec.upright) };
    const rows = { type: 'linear', display: false, reverse: true, min: -0.5, max: spec.rows.length - 0.5 };
    return { x: scaleOf(spec.axis), y: rows };
  }

  function draw(spec) {
    const canvas = document.getElementById(spec.id);
    const curved = spec.kind === 'curves';
    canvas.parentElement.style.height = `${curved ? CURVES : spec.rows.length * ROW + AXIS}px`;
    drawn.get(spec.id)?.destroy();
    const chart = new Chart(canvas, {
      data: { datasets: DATASETS[spec.kind](spec) },
      plugins: [curved ? ends(spec) : marks(spec)],
      options: {
        animation: false,
        maintainAspectRatio: false,
        responsive: true,
        font: { family: getComputedStyle(document.body).fontFamily },
        layout: { padding: { right: curved ? 84 : 14, left: 2, top: curved ? 6 : 0 } },
        interaction: { mode: 'nearest', intersect: true },
        plugins: {
          legend: { display: false },
          tooltip: {
            displayColors: false,
            callbacks: { title: () => '', label: (item) => item.raw.text },
          },
        },
        scales: scalesOf(spec),
      },
    });
    drawn.set(spec.id, chart);
  }

  const drawAll = () => data.charts.forEach(draw);

  drawAll();
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', drawAll);
  window.addEventListener('beforeprint', () => {
    root.classList.add('printing');
    drawAll();
  });
  window.addEventListener('afterprint', () => {
    root.classList.remove('printing');
    drawAll();
  });
  root.dataset.charts = String(drawn.size);
})();
