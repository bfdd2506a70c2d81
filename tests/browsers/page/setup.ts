import { beforeEach } from 'vitest';

import { absentTest } from '../lib/absent.mjs';

beforeEach(({ task, skip }) => {
  const names = [];
  for (let at: { name: string; suite?: unknown } | undefined = task; at !== undefined; at = at.suite as typeof at) names.unshift(at.name);
  const reason = absentTest(task.file.filepath.split('/').at(-1) ?? '', names.join(' > '));
  if (reason !== undefined) skip(reason);
});
