import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { expect, test } from 'vitest';

test('the scripts load where nothing is installed yet: they are what installs it', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'hushroom-'));
  try {
    cpSync(new URL('../../scripts', import.meta.url), join(folder, 'scripts'), { recursive: true });
    // An unknown step: everything is loaded, nothing is done.
    const script = promisify(execFile)(process.execPath, ['scripts/test.mjs', 'no-such-step'], { cwd: folder });
    await expect(script).rejects.toMatchObject({ code: 2, stderr: expect.stringContaining('no such step') });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
