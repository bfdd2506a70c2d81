import type { RoomSnapshot } from 'hushroom/room';
import { useEffect } from 'preact/hooks';

import { announce } from '../lib/announce.ts';
import { t } from '../strings.ts';

/** Who is writing. It keeps its height when nobody is, so that nothing jumps. */
export function TypingLine({ snapshot }: { readonly snapshot: RoomSnapshot }) {
  const names = snapshot.members
    .filter((member) => !member.self && snapshot.typing.includes(member.id))
    .map(({ name }) => name);
  const text = t.typing(names);
  useEffect(() => {
    if (text !== '') announce(text);
  }, [text]);
  return (
    <p class="typing" data-testid="typing" aria-hidden="true">
      {text !== '' && (
        <>
          <span class="typing-dots">
            <i />
            <i />
            <i />
          </span>
          {text}
        </>
      )}
    </p>
  );
}
