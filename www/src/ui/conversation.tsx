import type { RoomSnapshot } from 'hushroom/room';
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';

import { scrollBehavior } from '../lib/browser.ts';
import { formatDay } from '../lib/format.ts';
import { layOut } from '../room/layout.ts';
import type { Session } from '../room/session.ts';
import type { TimelineItem } from '../room/timeline.ts';
import { t } from '../strings.ts';
import { FileRow } from './file-row.tsx';
import { DownIcon, LockIcon } from './icons.tsx';
import { MessageRow } from './message-row.tsx';
import { useRows } from './rows.ts';
import { Welcome } from './welcome.tsx';

export interface ConversationProps {
  readonly session: Session;
  readonly snapshot: RoomSnapshot;
  readonly timeline: readonly TimelineItem[];
  /** Whether the link of a room for two has been used. */
  readonly linkUsed: boolean;
  readonly onReply: (id: string) => void;
  /** What had the focus is gone. */
  readonly onFocusLost: () => void;
}

/** Rows rendered at first, and more with each click. */
const PAGE_ROWS = 200;
/** Nearer to the end than this, the view follows what is new. */
const FOLLOW_PX = 120;

/** What was said and sent, oldest first. */
export function Conversation({ session, snapshot, timeline, linkUsed, onReply, onFocusLost }: ConversationProps) {
  const scroller = useRef<HTMLDivElement>(null);
  const content = useRef<HTMLOListElement>(null);
  const following = useRef(true);
  const lastTop = useRef(0);
  const [atEnd, setAtEnd] = useState(true);
  const [shownRows, setShownRows] = useState(PAGE_ROWS);
  const rows = useMemo(() => layOut(timeline.slice(-shownRows)), [timeline, shownRows]);
  const { active, onKeyDown, onFocus, onFocusOut, jumpTo } = useRows({
    list: content,
    rows,
    showAll: () => setShownRows(Infinity),
    onFocusLost,
  });
  const byId = useMemo(() => new Map(snapshot.messages.map((message) => [message.id, message])), [snapshot.messages]);
  const empty = snapshot.members.length < 2 && !timeline.some((item) => item.kind !== 'note');

  const toEnd = (behavior: ScrollBehavior) =>
    scroller.current?.scrollTo({ top: scroller.current.scrollHeight, behavior });
  const last = timeline.at(-1);
  const lastIsOurs = last?.kind === 'message' ? last.message.from.self : last?.kind === 'file' && last.from.self;
  useLayoutEffect(() => {
    if (lastIsOurs === true) following.current = true;
    if (following.current) toEnd('instant');
  }, [last?.id]);
  useEffect(() => {
    // Pictures that load and rows that grow move the end away, as does the keyboard of a phone.
    const observer = new ResizeObserver(() => following.current && toEnd('instant'));
    if (content.current !== null) observer.observe(content.current);
    if (scroller.current !== null) observer.observe(scroller.current);
    return () => observer.disconnect();
  }, []);
  const onScroll = () => {
    const { scrollHeight, scrollTop, clientHeight } = scroller.current ?? document.body;
    // Only going up ends it: a picture that loads moves the end away before we can follow.
    if (scrollHeight - scrollTop - clientHeight < FOLLOW_PX) following.current = true;
    else if (scrollTop < lastTop.current) following.current = false;
    lastTop.current = scrollTop;
    setAtEnd(following.current);
  };

  return (
    <div class="log-frame">
      <div ref={scroller} class="log" role="log" aria-label={t.log.label} data-testid="log" onScroll={onScroll}>
        <p class="log-intro">
          <LockIcon />
          {t.log.intro[session.room.protocol]}
        </p>
        {empty && <Welcome session={session} used={linkUsed} />}
        {timeline.length > shownRows && (
          <button type="button" class="button button-small" onClick={() => setShownRows((count) => count + PAGE_ROWS)}>
            {t.log.earlier}
          </button>
        )}
        <ol ref={content} class="rows" onKeyDown={onKeyDown} onFocusCapture={onFocus} onFocusOut={onFocusOut}>
          {rows.map((row) => {
            if (row.kind === 'day') {
              return (
                <li key={row.id} class="day">
                  <span>{formatDay(row.at)}</span>
                </li>
              );
            }
            if (row.kind === 'note') {
              return (
                <li key={row.id} class="note" data-testid="note">
                  {row.item.text}
                </li>
              );
            }
            if (row.kind === 'file') {
              return (
                <FileRow
                  key={row.id}
                  row={row}
                  session={session}
                  members={snapshot.members}
                  active={row.id === active}
                />
              );
            }
            const { replyTo } = row.item.message;
            return (
              <MessageRow
                key={row.id}
                row={row}
                session={session}
                members={snapshot.members}
                original={replyTo === undefined ? undefined : byId.get(replyTo)}
                active={row.id === active}
                onReply={onReply}
                onJump={jumpTo}
              />
            );
          })}
        </ol>
      </div>
      {!atEnd && (
        <button type="button" class="to-end" aria-label={t.log.toNewest} onClick={() => toEnd(scrollBehavior())}>
          <DownIcon />
        </button>
      )}
    </div>
  );
}
