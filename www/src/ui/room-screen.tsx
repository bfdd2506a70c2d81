import type { RoomSnapshot } from 'hushroom/room';
import { useEffect, useRef, useState } from 'preact/hooks';

import { useMedia, useUnloadWarning, useWakeLock } from '../lib/browser.ts';
import { useSameArray, useStore } from '../lib/store.ts';
import { isTransferring } from '../room/activity.ts';
import { useLinkUsed } from '../room/used-link.ts';
import type { Session } from '../room/session.ts';
import { t } from '../strings.ts';
import { AboutDialog } from './about-dialog.tsx';
import { Banner } from './banner.tsx';
import { CompareDialog } from './compare-dialog.tsx';
import { Composer } from './composer.tsx';
import type { ComposerHandle } from './composer.tsx';
import { Conversation } from './conversation.tsx';
import { Dialog } from './dialog.tsx';
import { DropTarget } from './drop-target.tsx';
import { EndingSoon } from './ending-soon.tsx';
import { InviteDialog } from './invite-dialog.tsx';
import { LeaveDialog } from './leave-dialog.tsx';
import { MemberSheet } from './member-sheet.tsx';
import { Notices } from './notices.tsx';
import { Panel } from './panel.tsx';
import { RoomHeader } from './room-header.tsx';
import { TrustBanners } from './trust-banners.tsx';
import { TypingLine } from './typing-line.tsx';
import { useUnreadTitle } from './unread-title.ts';

export interface RoomScreenProps {
  readonly session: Session;
  readonly onLeft: () => void;
}

/** What is open above the room. */
type Overlay =
  | { readonly at: 'about' | 'invite' | 'panel' | 'leave' }
  | { readonly at: 'member' | 'compare'; readonly id: string };

/** A room: the conversation, and beside it (or behind a button, on narrow screens) people and files. */
export function RoomScreen({ session, onLeft }: RoomScreenProps) {
  const latest = useStore(session.snapshot);
  const members = useSameArray(latest.members);
  const messages = useSameArray(latest.messages);
  const snapshot: RoomSnapshot = { ...latest, members, messages };
  const timeline = useStore(session.timeline);
  const comparisons = useStore(session.trust.comparisons);
  const linkUsed = useLinkUsed(session, members.length);
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
  const close = () => setOverlay(undefined);
  const open = (at: 'about' | 'invite' | 'panel' | 'leave') => () => setOverlay({ at });
  const showMember = (id: string) => setOverlay({ at: 'member', id });
  const compareWith = (id: string) => {
    session.trust.compare(id);
    setOverlay({ at: 'compare', id });
  };
  const panel = <Panel {...{ session, snapshot, timeline }} onMember={showMember} />;
  const shownMember = overlay?.at === 'member' ? members.find(({ id }) => id === overlay.id) : undefined;
  const shownComparison =
    overlay?.at === 'compare' ? comparisons.find(({ member }) => member.id === overlay.id) : undefined;
  return (
    <div class="room" data-testid="room">
      <RoomHeader
        snapshot={snapshot}
        protocol={session.room.protocol}
        onAbout={open('about')}
        onInvite={closed ? undefined : open('invite')}
        onPanel={wide ? undefined : open('panel')}
        onLeave={closed ? leave : open('leave')}
      />
      <DropTarget disabled={closed} onFiles={(files) => composer.current?.attach(files)}>
        <Conversation
          {...{ session, snapshot, timeline, linkUsed }}
          onReply={reply}
          onFocusLost={() => composer.current?.focus()}
        />
        <TypingLine snapshot={snapshot} />
        <Banner session={session} snapshot={snapshot} onStartOver={leave} />
        {snapshot.expiresAt > 0 && !closed && <EndingSoon expiresAt={snapshot.expiresAt} />}
        {!closed && (
          <TrustBanners
            trust={session.trust}
            {...{ members, comparisons }}
            shown={shownComparison?.member.id}
            onShow={(id) => setOverlay({ at: 'compare', id })}
            onMember={showMember}
          />
        )}
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
      {overlay?.at === 'panel' && !wide && (
        <Dialog title={t.people.sheet} kind="sheet" onClose={close}>
          {panel}
        </Dialog>
      )}
      {shownMember !== undefined && !closed && (
        <MemberSheet
          session={session}
          member={shownMember}
          onCompare={() => compareWith(shownMember.id)}
          onClose={wide ? close : open('panel')}
        />
      )}
      {shownComparison !== undefined && (
        <CompareDialog
          comparison={shownComparison}
          onAgain={() => compareWith(shownComparison.member.id)}
          onDrop={() => {
            session.trust.drop(shownComparison.member.id);
            close();
          }}
          onHide={close}
        />
      )}
      {overlay?.at === 'invite' && <InviteDialog session={session} used={linkUsed} onClose={close} />}
      {overlay?.at === 'about' && (
        <AboutDialog
          protocol={session.room.protocol}
          snapshot={snapshot}
          forTwo={session.forTwo}
          onClose={close}
        />
      )}
      {overlay?.at === 'leave' && <LeaveDialog onLeave={leave} onStay={close} />}
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
