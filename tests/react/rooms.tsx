import { configure } from '@testing-library/react';
import { expect, inject, vi } from 'vitest';

import { createRoom, joinRoom } from '../../js/room/index.js';
import type { Room } from '../../js/room/index.js';
import type { OpenRoom } from '../../js/react/index.js';
import { watch, type Watch } from '../e2e/watch.js';

// A second is its patience, and nothing to a machine that has other things to do.
configure({ asyncUtilTimeout: 20_000 });

/** Ada's room, and how a page joins it as Grace. */
export interface Meeting {
  readonly ada: Room;
  readonly adaSees: Watch;
  /** To be given to a provider; counts its calls, and keeps what became of them. */
  readonly open: ReturnType<typeof vi.fn<OpenRoom>>;
  /** Names of those who came, and of those who left, in order. */
  came(): string[];
  left(): string[];
}

/** Opens Ada's room, uses it and closes it. */
export async function atAdas(use: (meeting: Meeting) => Promise<void>): Promise<void> {
  const relay = inject('relayUrl');
  const ada = await createRoom({ relay, name: 'Ada' });
  const adaSees = watch(ada);
  const names = (type: 'member-joined' | 'member-left') =>
    adaSees.events.flatMap((event) => (event.type === type ? [event.member.name] : []));
  try {
    await use({
      ada,
      adaSees,
      open: vi.fn(({ signal }) => joinRoom({ relay, code: ada.code, name: 'Grace', signal })),
      came: () => names('member-joined'),
      left: () => names('member-left'),
    });
  } finally {
    await ada.close();
  }
}

/** Whoever would have come before is seen by Ada once this one is. */
export async function marker({ ada, came, adaSees }: Meeting): Promise<void> {
  const relay = inject('relayUrl');
  const room = await joinRoom({ relay, code: ada.code, name: 'Marker' });
  await adaSees.until(() => came().includes('Marker'), 'the marker');
  await room.close();
}

/** What React and the browser complained of, which must be nothing. */
export function complaints(): () => void {
  const error = vi.spyOn(console, 'error').mockImplementation(() => undefined);
  const warn = vi.spyOn(console, 'warn').mockImplementation(() => undefined);
  return () => {
    const said = [...error.mock.calls, ...warn.mock.calls];
    error.mockRestore();
    warn.mockRestore();
    expect(said).toEqual([]);
  };
}
