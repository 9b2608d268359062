// Charts: at most three colours, tooltips drawn in the canvas (html ones write style attributes, which the CSP forbids).
// The server gives {type, unit, x, series: [{name, kind, data, axis?}], data, top?} in a JSON block.
import * as echarts from 'echarts/core';
import { BarChart, FunnelChart, LineChart, PieChart } from 'echarts/charts';
import { AriaComponent, GridComponent, LegendComponent, MarkLineComponent, TooltipComponent } from 'echarts/components';
import { CanvasRenderer } from 'echarts/renderers';
import { readJson, say } from './dom.js';

echarts.use([BarChart, LineChart, FunnelChart, PieChart, GridComponent, TooltipComponent, LegendComponent, AriaComponent, MarkLineComponent, CanvasRenderer]);

const BLUE = '#3355ff', PALE = '#d5dcff', AMBER = '#f5a524';
const WHEEL = ['#3355ff', '#7d93ff', '#b9c4ff', '#12b5cb', '#f5a524', '#17b26a', '#98a2b3', '#7a5cff'];
const STEPS = ['#1f3ad6', '#3355ff', '#5c79ff', '#8ea3ff', '#c0ccff'];
const type = getComputedStyle(document.body).fontFamily;
const axis = { axisLine: { lineStyle: { color: '#e4e7ec' } }, axisTick: { show: false }, axisLabel: { color: '#5b6475' }, splitLine: { lineStyle: { color: '#f0f2f5' } } };
const tooltip = { renderMode: 'richText', confine: true, backgroundColor: '#101828', borderWidth: 0, textStyle: { color: '#fff', fontSize: 12, fontFamily: type } };
const legend = { right: 0, top: 0, icon: 'roundRect', itemWidth: 10, itemHeight: 10, textStyle: { color: '#475467', fontFamily: type } };

function series(s, i) {
  const rate = s.axis === 1;
  return s.kind === 'line'
    ? { type: 'line', name: s.name, data: s.data, smooth: true, symbolSize: 6, yAxisIndex: rate ? 1 : 0, lineStyle: { width: 2, color: AMBER }, itemStyle: { color: AMBER } }
    : { type: 'bar', name: s.name, data: s.data, barMaxWidth: 24, itemStyle: { color: i ? PALE : BLUE, borderRadius: [4, 4, 0, 0] } };
}
const BUILD = {
  bars: (d) => ({
    grid: { left: 8, right: 8, top: 38, bottom: 4, containLabel: true }, legend, tooltip: { ...tooltip, trigger: 'axis' },
    xAxis: { type: 'category', data: d.x, ...axis },
    yAxis: [{ type: 'value', name: d.unit, nameTextStyle: { color: '#5b6475', align: 'left' }, ...axis, axisLine: { show: false } },
      ...(d.series.some((s) => s.axis === 1) ? [{ type: 'value', ...axis, axisLine: { show: false }, splitLine: { show: false }, axisLabel: { color: '#5b6475', formatter: '{value}%' } }] : [])],
    series: d.series.map(series),
  }),
  across: (d) => ({
    grid: { left: 8, right: 24, top: 8, bottom: 4, containLabel: true }, tooltip: { ...tooltip, trigger: 'axis' },
    xAxis: { type: 'value', ...axis, axisLine: { show: false } }, yAxis: { type: 'category', inverse: true, data: d.x, ...axis },
    series: d.series.map((s, i) => ({ ...series(s, i), itemStyle: { color: i ? PALE : BLUE, borderRadius: [0, 4, 4, 0] } })),
  }),
  funnel: (d) => ({
    tooltip: { ...tooltip, trigger: 'item' },
    series: [{ type: 'funnel', left: 4, right: '30%', top: 6, bottom: 6, gap: 3, minSize: '22%', sort: 'none', label: { position: 'right', formatter: (p) => `${p.name}  {b|${p.value}}`, rich: { b: { fontWeight: 600, color: '#101828' } }, color: '#475467' }, labelLine: { length: 10, lineStyle: { color: '#d0d5dd' } }, itemStyle: { borderWidth: 0, borderRadius: 4 }, data: d.data.map((x, i) => ({ ...x, itemStyle: { color: STEPS[Math.min(i, STEPS.length - 1)] } })) }],
  }),
  donut: (d) => ({
    color: WHEEL, tooltip: { ...tooltip, trigger: 'item' },
    legend: { orient: 'vertical', right: 0, top: 'middle', icon: 'circle', itemWidth: 8, itemHeight: 8, itemGap: 12, formatter: (n) => `{n|${n}}{v|${d.data.find((x) => x.name === n)?.share ?? d.data.find((x) => x.name === n)?.value}}`, textStyle: { color: '#475467', rich: { n: { width: 76 }, v: { width: 44, align: 'right', fontWeight: 600, color: '#101828' } } } },
    series: [{ type: 'pie', radius: ['58%', '84%'], center: ['27%', '50%'], label: { show: false }, itemStyle: { borderColor: '#fff', borderWidth: 2, borderRadius: 4 }, data: d.data }],
  }),
  // 二八分析: amounts in order, their running share on the second axis, the 80 % line
  pareto: (d) => ({
    ...BUILD.bars({ ...d, series: [{ name: d.series[0].name, data: d.series[0].data.map((v, i) => ({ value: v, itemStyle: { color: i < d.top ? BLUE : '#cdd6ff' } })) }, { ...d.series[1], kind: 'line', axis: 1 }] }),
  }),
};

export function chart(element) {
  const spec = readJson(element.dataset.chart);
  if (!spec || !BUILD[spec.type]) { element.textContent = say('chart_none'); return; }
  const drawn = echarts.init(element, null, { renderer: 'canvas', locale: document.documentElement.lang.startsWith('zh') ? 'ZH' : 'EN' });
  drawn.setOption({ textStyle: { fontFamily: type, fontSize: 12 }, animationDuration: matchMedia('(prefers-reduced-motion: reduce)').matches ? 0 : 400, ...BUILD[spec.type](spec) });
  drawn.on('click', (p) => { const url = p.data?.url ?? spec.urls?.[p.dataIndex]; if (url) location.href = url; });
  new ResizeObserver(() => drawn.resize()).observe(element);
}
