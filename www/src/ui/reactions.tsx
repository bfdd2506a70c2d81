import type { Member, Message } from 'hushroom/room';

import { formatList } from '../lib/format.ts';
import { t } from '../strings.ts';

export interface ReactionsProps {
  readonly message: Message;
  readonly members: readonly Member[];
  readonly selfId: string;
  readonly tabIndex: number;
  readonly onToggle: (emoji: string) => void;
}

/** Who reacted with what. Each is a button that adds or takes back one's own. */
export function Reactions({ message, members, selfId, tabIndex, onToggle }: ReactionsProps) {
  const all = Object.entries(message.reactions).filter(([, ids]) => ids.length > 0);
  if (all.length === 0) return null;
  const nameOf = (id: string) => (id === selfId ? t.you : members.find((member) => member.id === id)?.name);
  return (
    <ul class="reactions" data-testid="reactions">
      {all.map(([emoji, ids]) => {
        const names = formatList(ids.map(nameOf).filter((name) => name !== undefined));
        return (
          <li key={emoji}>
            <button
              type="button"
              class="reaction"
              aria-pressed={ids.includes(selfId)}
              aria-label={t.message.reaction(emoji, ids.length, names)}
              title={names}
              tabIndex={tabIndex}
              onClick={() => onToggle(emoji)}
            >
              <span>{emoji}</span> <span class="reaction-count">{ids.length}</span>
            </button>
          </li>
        );
      })}
    </ul>
  );
}
