import type { Entry } from '../view-model.ts';
import type { PageContext, Part } from './context.ts';
import { html } from './markup.ts';
import { draw, matrix, metricsOf } from './metrics.ts';
import { stack } from './phases.ts';
import { figure } from './pieces.ts';

/** Bytes on disk: what the first instance takes and what each further one adds, then every quantity for itself. */

const ORDER = ['image', 'marginal-ready', 'marginal-data', 'distribution'];

export function diskSection(entries: readonly Entry[], context: PageContext): Omit<Part, 'id' | 'heading'> {
  const { t } = context;
  const metrics = metricsOf(entries, () => true, ORDER);
  const drawn = draw('chart-disk', entries, metrics, context);
  const both = stack(
    {
      ...{ id: 'chart-disk-stack', entries, tongue: context },
      title: t(
        'image, and what one instance adds after its data set was saved',
        '镜像，以及一个实例保存数据集之后增加的空间',
      ),
    },
    'image',
    'marginal-data',
  );
  const caption = t(
    html`<b>image</b> and, paler, <b>marginal-data</b> of one instance`,
    html`<b>image</b>，浅色部分为一个实例的 <b>marginal-data</b>`,
  );
  const provenance = t(
    'Allocated bytes (decimal units) of named paths, after sync inside and outside; what is shared counts once.',
    '所列路径实际分配的字节数（十进制单位），在实例内外 sync 之后读取；共享的部分只计一次。',
  );
  const body = html`<p>${provenance}</p>
${both.rows.length > 0 ? figure(both, caption, context) : null}
<div class="small-charts">${drawn.figures}</div>
${matrix(t('Disk: medians and intervals', '硬盘：中位数与区间'), entries, metrics, context)}`;
  return { body, charts: [...(both.rows.length > 0 ? [both] : []), ...drawn.charts] };
}
