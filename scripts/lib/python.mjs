// Python environments for tests against other people's implementations.

import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { run, toolsDir } from './run.mjs';

/**
 * A virtual environment below `.tools/` with these packages, made if there is none; gives its interpreter.
 *
 * @param {string} name
 * @param {readonly string[]} packages - With versions: `name==1.2.3`.
 */
export async function python(name, packages) {
  const folder = join(toolsDir, 'python', name);
  const interpreter = join(folder, process.platform === 'win32' ? 'Scripts/python.exe' : 'bin/python');
  const stamp = join(folder, 'packages');
  const wanted = packages.join('\n');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return interpreter;
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  await run(process.platform === 'win32' ? 'python' : 'python3', ['-m', 'venv', folder]);
  await run(interpreter, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', ...packages]);
  // Last: an environment that is not whole is made anew.
  writeFileSync(stamp, wanted);
  return interpreter;
}
