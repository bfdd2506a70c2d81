// Fuzzes the core and the relay, one target after the other. Needs nightly Rust (rustup gets it) and cargo-fuzz (goes into
// `.tools/` unless it is installed). What it finds worth keeping stays in `fuzz/target/found/`; an input that fails is in `fuzz/artifacts/`: make it a file of
// `fuzz/corpus/TARGET/`, which every `cargo test --workspace` replays.
//
//   npm run fuzz                       every target for 60 seconds
//   npm run fuzz -- 600 frame post     these for 600 seconds each

import { mkdirSync, readdirSync } from 'node:fs';

import { at, run, toolsDir } from './lib/run.mjs';

const VERSION = '0.13.2';
const DEFAULT_SECONDS = 60;
const TARGETS = readdirSync(at('fuzz/fuzz_targets')).map((name) => name.replace(/\.rs$/, ''));

const [first = '', ...others] = process.argv.slice(2);
const seconds = /^\d+$/.test(first) ? Number(first) : DEFAULT_SECONDS;
const chosen = /^\d*$/.test(first) ? others : [first, ...others];
const unknown = chosen.filter((name) => !TARGETS.includes(name));
if (unknown.length > 0) {
  console.error(`no such target: ${unknown.join(', ')}; there are ${TARGETS.join(', ')}`);
  process.exit(2);
}

const hasFuzz = await run('cargo', ['fuzz', '--version'], { quiet: true }).then(() => true, () => false);
if (!hasFuzz) {
  await run('cargo', ['install', 'cargo-fuzz', '--locked', '--root', toolsDir, '--version', VERSION]);
}
const toolchains = await run('rustup', ['toolchain', 'list'], { quiet: true });
if (!/^nightly/m.test(toolchains)) await run('rustup', ['toolchain', 'install', 'nightly', '--profile', 'minimal']);

const failed = [];
for (const target of chosen.length > 0 ? chosen : TARGETS) {
  const found = at('fuzz/target/found', target);
  mkdirSync(found, { recursive: true });
  const options = [
    `-max_total_time=${seconds}`,
    '-max_len=4096',
    '-timeout=10',
    // Address sanitizer keeps what is freed for a while: of the relay's full queues that alone comes to a GiB.
    '-rss_limit_mb=2048',
    '-print_final_stats=1',
  ];
  try {
    // New inputs go into the first folder: the seeds stay as they are.
    await run('cargo', ['+nightly', 'fuzz', 'run', target, found, at('fuzz/corpus', target), '--', ...options]);
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    failed.push(target);
  }
}
if (failed.length > 0) console.error(`failed: ${failed.join(', ')}; the inputs are in fuzz/artifacts`);
process.exitCode = failed.length > 0 ? 1 : 0;
