import type { RoomSnapshot } from 'hushroom/room';
import { useEffect, useRef, useState } from 'preact/hooks';

import { useMedia, useUnloadWarning, useWakeLock } from '../lib/browser.ts';
import { useSameArray, useStore } from '../lib/store.ts';
import { isTransferring } from '../room/activity.ts';
import type { Session } from '../room/session.ts';
import { t } from '../strings.ts';
import { AboutDialog } from './about-dialog.tsx';
import { Banner } from './banner.tsx';
import { Composer } from './composer.tsx';
import type { ComposerHandle } from './composer.tsx';
import { Conversation } from './conversation.tsx';
import { Dialog } from './dialog.tsx';
import { DropTarget } from './drop-target.tsx';
import { EndingSoon } from './ending-soon.tsx';
import { InviteCard } from './invite-card.tsx';
import { LeaveDialog } from './leave-dialog.tsx';
import { Notices } from './notices.tsx';
import { Panel } from './panel.tsx';
import { RoomHeader } from './room-header.tsx';
import { TypingLine } from './typing-line.tsx';
import { useUnreadTitle } from './unread-title.ts';

export interface RoomScreenProps {
  readonly session: Session;
  readonly onLeft: () => void;
}

type Overlay = 'about' | 'invite' | 'panel' | 'leave';

/** A room: the conversation, and beside it (or behind a button, on narrow screens) people and files. */
export function RoomScreen({ session, onLeft }: RoomScreenProps) {
  const latest = useStore(session.snapshot);
  const members = useSameArray(latest.members);
  const messages = useSameArray(latest.messages);
  const snapshot: RoomSnapshot = { ...latest, members, messages };
  const timeline = useStore(session.timeline);
  const wide = useMedia('(min-width: 60rem)');
  const [overlay, setOverlay] = useState<Overlay>();
  const [replyTo, setReplyTo] = useState<string>();
  const composer = useRef<ComposerHandle>(null);
  const transferring = isTransferring(snapshot);
  useWakeLock(transferring);
  useUnloadWarning(transferring);
  useUnreadTitle(timeline);
  useGoodbye(session);

  const leave = () => {
    void session.leave();
    onLeft();
  };
  const reply = (id: string | undefined) => {
    setReplyTo(id);
    composer.current?.focus();
  };
  const closed = snapshot.status === 'closed';
  const panel = <Panel snapshot={snapshot} protocol={session.room.protocol} timeline={timeline} />;
  return (
    <div class="room" data-testid="room">
      <RoomHeader
        snapshot={snapshot}
        protocol={session.room.protocol}
        onAbout={() => setOverlay('about')}
        onInvite={closed ? undefined : () => setOverlay('invite')}
        onPanel={wide ? undefined : () => setOverlay('panel')}
        onLeave={() => (closed ? leave() : setOverlay('leave'))}
      />
      <DropTarget disabled={closed} onFiles={(files) => composer.current?.attach(files)}>
        <Conversation
          {...{ session, snapshot, timeline }}
          onReply={reply}
          onFocusLost={() => composer.current?.focus()}
        />
        <TypingLine snapshot={snapshot} />
        <Banner session={session} snapshot={snapshot} onStartOver={leave} />
        {snapshot.expiresAt > 0 && !closed && <EndingSoon expiresAt={snapshot.expiresAt} />}
        <Notices session={session} />
        <Composer
          handle={composer}
          session={session}
          snapshot={snapshot}
          replyTo={snapshot.messages.find((message) => message.id === replyTo)}
          onReplied={() => setReplyTo(undefined)}
          onCancelReply={() => reply(undefined)}
        />
      </DropTarget>
      {wide && <aside class="panel">{panel}</aside>}
      {overlay === 'panel' && !wide && (
        <Dialog title={t.people.sheet} kind="sheet" onClose={() => setOverlay(undefined)}>
          {panel}
        </Dialog>
      )}
      {overlay === 'invite' && (
        <Dialog title={t.invite.title} onClose={() => setOverlay(undefined)}>
          <p class="lead">{t.invite.emptyLead}</p>
          <InviteCard link={session.link} code={session.room.code} focus />
        </Dialog>
      )}
      {overlay === 'about' && (
        <AboutDialog protocol={session.room.protocol} snapshot={snapshot} onClose={() => setOverlay(undefined)} />
      )}
      {overlay === 'leave' && <LeaveDialog onLeave={leave} onStay={() => setOverlay(undefined)} />}
    </div>
  );
}

/**
 * Says goodbye when the page goes away, if others are there to hear it. Alone we do not: the relay then holds the room
 * for a moment, and a reload finds it again.
 */
function useGoodbye({ room }: Session): void {
  useEffect(() => {
    const onHide = (event: PageTransitionEvent) => {
      if (!event.persisted && room.members.some((member) => !member.self && member.presence === 'here'))
        void room.close();
    };
    addEventListener('pagehide', onHide);
    return () => removeEventListener('pagehide', onHide);
  }, [room]);
}
