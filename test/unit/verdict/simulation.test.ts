/** The whole procedure, from readings to verdict, on noise of known kind. Seeds are fixed, so the shares never change. */
import test from 'ava';
import { type PairedBlock, pairedRatio } from '../../../bench/stats/ratio.ts';
import type { Random } from '../../../bench/stats/random.ts';
import { seriesWarnings } from '../../../bench/stats/warnings.ts';
import { compare } from '../../../bench/verdict/comparison.ts';
import { autocorrelated, margin, NOISES, type Noise, shareOf } from '../../stats/noise.ts';

const LEVEL = 0.95;
const DELTA = 0.05;
const RUNS = 2000;
const SPREAD = 0.05;

/** Native and a runner that truly takes `factor` as long, each block under its own noise, over whatever `shared` does to both. */
function measure(
  random: Random,
  n: number,
  factor: number,
  noise: Noise,
  shared: (block: number) => number = () => 0,
): PairedBlock[] {
  return Array.from({ length: n }, (_, block) => {
    const host = Math.exp(shared(block));
    const native = 1e8 * host * Math.exp(SPREAD * noise(random));
    return { block, runner: factor * 1e8 * host * Math.exp(SPREAD * noise(random)), native };
  });
}

function verdictOf(blocks: readonly PairedBlock[], better: 'lower' | 'higher' = 'lower') {
  return compare(pairedRatio(blocks, better, LEVEL), DELTA, better).verdict;
}

for (const [name, noise] of Object.entries(NOISES)) {
  test(`a runner against itself under ${name} noise is slower or faster no more often than the level allows`, (t) => {
    const wrong = shareOf(RUNS, 11, (random) => {
      return ['slower', 'faster'].includes(verdictOf(measure(random, 12, 1, noise)));
    });
    t.true(wrong <= 1 - LEVEL + margin(1 - LEVEL, RUNS), String(wrong));
  });

  test(`under ${name} noise the interval covers the true ratio`, (t) => {
    const covered = shareOf(RUNS, 12, (random) => {
      const { ci } = pairedRatio(measure(random, 12, 1.5, noise), 'lower', LEVEL);
      return ci !== null && ci[0] <= 1.5 && 1.5 <= ci[1];
    });
    t.true(covered >= LEVEL - margin(LEVEL, RUNS), String(covered));
  });

  test(`under ${name} noise a runner that is slower by just δ is seldom called equivalent`, (t) => {
    const wrong = shareOf(RUNS, 13, (random) => verdictOf(measure(random, 40, 1 + DELTA, noise)) === 'equivalent');
    t.true(wrong <= 1 - LEVEL + margin(1 - LEVEL, RUNS), String(wrong));
  });
}

for (const name of ['normal', 'log-normal', 'Pareto 1.5', 'spiky']) {
  test(`under ${name} noise an injected slowdown of 30% is found within 20 blocks`, (t) => {
    const noise = NOISES[name] as Noise;
    const found = shareOf(500, 14, (random) => verdictOf(measure(random, 20, 1.3, noise)) === 'slower');
    t.true(found > 0.97, String(found));
    const faster = shareOf(500, 14, (random) => verdictOf(measure(random, 20, 1.3, noise), 'higher') === 'faster');
    t.is(faster, found);
  });
}

test('two runners that are truly alike become equivalent with enough blocks', (t) => {
  const found = shareOf(
    300,
    15,
    (random) => verdictOf(measure(random, 120, 1, NOISES.normal as Noise)) === 'equivalent',
  );
  t.true(found > 0.9, String(found));
});

test('drift and autocorrelation that the block shares do not harm: the ratio is taken within it', (t) => {
  const noise = NOISES.normal as Noise;
  const drifting = shareOf(RUNS, 16, (random) => {
    return ['slower', 'faster'].includes(verdictOf(measure(random, 20, 1, noise, (block) => 0.05 * block)));
  });
  t.true(drifting <= 1 - LEVEL + margin(1 - LEVEL, RUNS), String(drifting));
  const loaded = shareOf(RUNS, 17, (random) => {
    const load = autocorrelated(random, 20, 0.8);
    return ['slower', 'faster'].includes(verdictOf(measure(random, 20, 1, noise, (block) => 0.3 * (load[block] ?? 0))));
  });
  t.true(loaded <= 1 - LEVEL + margin(1 - LEVEL, RUNS), String(loaded));
});

test('autocorrelation of the runner alone breaks the level, and the warning fires', (t) => {
  const n = 40;
  const measured = (random: Random): PairedBlock[] => {
    const own = autocorrelated(random, n, 0.7);
    return own.map((value, block) => ({ block, runner: 1e8 * Math.exp(0.3 * value), native: 1e8 }));
  };
  const wrong = shareOf(1000, 18, (random) => ['slower', 'faster'].includes(verdictOf(measured(random))));
  t.true(wrong > 0.15, String(wrong));
  const warned = shareOf(100, 18, (random, run) => {
    const samples = measured(random).map(({ block, runner }) => ({
      block,
      position: block % 4,
      value: Number(runner),
    }));
    return seriesWarnings(samples, run).some((warning) => warning.kind === 'autocorrelation');
  });
  t.true(warned > 0.8, String(warned));
});

test('eight comparisons at the shared level go wrong together no more often than 1 in 20', (t) => {
  const runs = 1000;
  const wrong = shareOf(runs, 19, (random) => {
    return Array.from({ length: 8 }, () => measure(random, 14, 1, NOISES['log-normal'] as Noise)).some((blocks) => {
      const { verdict } = compare(pairedRatio(blocks, 'lower', 1 - 0.05 / 8), DELTA, 'lower');
      return verdict === 'slower' || verdict === 'faster';
    });
  });
  t.true(wrong <= 0.05 + margin(0.05, runs), String(wrong));
});

test('the blocks that an unresolved verdict asks for resolve most of such comparisons', (t) => {
  const noise: Noise = (random) => 4 * (NOISES.normal as Noise)(random);
  let asked = 0;
  const resolved = shareOf(400, 20, (random) => {
    const { needsBlocks } = compare(pairedRatio(measure(random, 12, 1.15, noise), 'lower', LEVEL), DELTA, 'lower');
    // Far more than anyone would run says only that the first estimate was near 1.
    if (needsBlocks === null || needsBlocks > 400) return false;
    asked++;
    return verdictOf(measure(random, needsBlocks, 1.15, noise)) !== 'not-resolved';
  });
  t.true(asked > 100);
  t.true((resolved * 400) / asked > 0.35, `${(resolved * 400) / asked} of ${asked}`);
});
